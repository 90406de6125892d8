/*
 * plot: line charts as SVG files.
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

enum { PLOT_MAX_SERIES = 64 };

/*
 * Points joined by a line in the order given. A point that is not finite, or not positive on a logarithmic axis,
 * interrupts the line. Long series whose x ascends are thinned to what a picture of this width can show.
 */
struct plot_series {
	const char *name;	/* in the legend; NULL: not there */
	int n;
	const double *x, *y;	/* [n] */
	bool faint;	/* drawn thin and pale, in the colour of the next series: raw values behind their average */
};

struct plot {
	const char *title, *x_label, *y_label;	/* NULL: none */
	bool log_y;
	bool zero_y;	/* the axis begins at 0 when all values are positive; not with log_y */
	int w, h;	/* pixels; 0: 800 x 480 */
	int n_series;
	const struct plot_series *series;
};

/* Write the file atomically. The same plot gives the same bytes. Error: cannot write; a size below 160 x 120; too many series. */
int plot_svg_write(const char *path, const struct plot *p) MUST_CHECK;

#endif
