/*
 * plot_axis: a range of numbers along pixels, with ticks at round numbers.
 */
#ifndef IMAGE_PLOT_AXIS_H
#define IMAGE_PLOT_AXIS_H

#include <stdbool.h>

enum { PLOT_MAX_TICKS = 24 };

struct plot_axis {
	bool log;
	double low, high;	/* the numbers (their decimal logarithms when log) at both ends */
	double pixel_low, pixel_high;	/* where they lie; high may be the smaller one */
	int n_ticks;
	double tick[PLOT_MAX_TICKS];	/* numbers */
	int decimals;	/* that tell the ticks of a linear axis apart */
};

/*
 * An axis for numbers from low to high (low > high: none, an axis from 0 to 1 or from 1 to 10), widened to round
 * numbers, with about `wanted` ticks.
 */
struct plot_axis plot_axis_make(double low, double high, bool log, int wanted);

/* Where a number lies, in pixels. */
double plot_axis_pixel(const struct plot_axis *axis, double x);

/* The label of a tick. */
const char *plot_axis_label(const struct plot_axis *axis, double tick, char text[32]);

#endif
