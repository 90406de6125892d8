/*
 * plot: charts as SVG files, alone or several on a page.
 *
 *     struct plot_series loss = { .name = "loss", .n = n, .x = step, .y = loss };
 *     struct plot p = { .title = "training", .x_label = "step", .y_label = "loss", .n_series = 1, .series = &loss };
 *     TRY(plot_svg_write("loss.svg", &p));
 *
 * Everything is borrowed. Texts are UTF-8; control characters in them are left out.
 */
#ifndef IMAGE_PLOT_H
#define IMAGE_PLOT_H

#include "base/error.h"

#include <stdbool.h>

enum { PLOT_MAX_SERIES = 256 };

enum plot_mark {
	PLOT_LINE,
	PLOT_DOTS,	/* a line with a dot at every point */
	PLOT_BARS,	/* from the axis up to y, from x to x + width */
};

/* Where the legend is: inside, or below the label of the x axis. */
enum plot_legend { PLOT_TOP_RIGHT, PLOT_BELOW };

/*
 * Points joined by a line in the order given. A point that is not finite, or not positive on a logarithmic axis,
 * interrupts the line. Long series whose x ascends are thinned to what a picture of this width can show.
 */
struct plot_series {
	const char *name;	/* in the legend; NULL: not there */
	int n;
	const double *x, *y;	/* [n] */
	const double *half;	/* [n] of lines: half of an interval around y, which is drawn where it is finite; NULL: none */
	bool faint;	/* drawn thin and pale, in the colour of the next series: raw values behind their average */
	enum plot_mark mark;
	double width;	/* of bars, as x */
};

struct plot {
	const char *title, *x_label, *y_label;	/* NULL: none */
	bool log_y;
	bool zero_y;	/* the axis begins at 0 when all values are positive; not with log_y */
	double x_low, x_high, y_low, y_high;	/* the axes reach at least as far; low = high: only as far as the data */
	enum plot_legend legend;
	int w, h;	/* pixels; 0: 800 x 480 */
	int n_series;
	const struct plot_series *series;
};

/* Write the file atomically. The same plot gives the same bytes. Error: cannot write; a size below 160 x 120; too many series. */
int plot_svg_write(const char *path, const struct plot *p) MUST_CHECK;

/* A named value in [0, 1], and one behind it that is as great or greater (-1: none). */
struct plot_bar {
	const char *name;
	double value, behind;
};

/* Charts side by side, in rows, and below them a list of horizontal bars in columns. */
struct plot_page {
	const char *title, *subtitle;
	int n_plots;
	const struct plot *plots;	/* their w and h have no effect */
	int columns;	/* charts of a row; 0: all */
	const char *bars_title;
	int n_bars;
	const struct plot_bar *bars;	/* [n_bars] from the top of the first column on */
	const char *const *bar_texts;	/* [n_bars] what stands behind them; NULL: their values */
};

int plot_page_write(const char *path, const struct plot_page *page) MUST_CHECK;

#endif
