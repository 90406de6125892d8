#include "image/plot_axis.h"

#include <math.h>
#include <stdio.h>

/* The round number 1, 2 or 5 times a power of ten nearest above x. */
static double round_step(double x)
{
	double power = pow(10, floor(log10(x)));
	double part = x / power;
	return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static void linear(struct plot_axis *axis, double low, double high, int wanted)
{
	if (high - low <= 1e-12 * fmax(fabs(low), fabs(high))) {
		double half = low == 0 ? 0.5 : fabs(low) / 2;
		low -= half;
		high += half;
	}
	double step = round_step((high - low) / wanted);
	double first = floor(low / step + 1e-9), last = ceil(high / step - 1e-9);
	axis->low = first * step;
	axis->high = last * step;
	for (double i = first; i <= last && axis->n_ticks < PLOT_MAX_TICKS; i++)
		axis->tick[axis->n_ticks++] = i * step;
	axis->decimals = step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
}

/* Ticks at powers of ten; with 2 and 5 between them where there are few decades, every n-th where there are many. */
static void logarithmic(struct plot_axis *axis, double low, double high, int wanted)
{
	static const double between[] = { 1, 2, 5 };
	int first = (int)floor(log10(low) + 1e-9), last = (int)ceil(log10(high) - 1e-9);
	if (last <= first)
		last = first + 1;
	int each = last - first <= 3 ? 3 : 1, stride = 1 + (last - first) / (2 * wanted);
	axis->low = first;
	axis->high = last;
	for (int decade = first; decade <= last; decade += stride)
		for (int i = 0; i < each && (i == 0 || decade < last) && axis->n_ticks < PLOT_MAX_TICKS; i++)
			axis->tick[axis->n_ticks++] = between[i] * pow(10, decade);
}

struct plot_axis plot_axis_make(double low, double high, bool log, int wanted)
{
	struct plot_axis axis = { .log = log };
	if (low > high) {
		low = log ? 1 : 0;
		high = log ? 10 : 1;
	}
	if (log)
		logarithmic(&axis, low, high, wanted);
	else
		linear(&axis, low, high, wanted);
	return axis;
}

double plot_axis_pixel(const struct plot_axis *axis, double x)
{
	double at = ((axis->log ? log10(x) : x) - axis->low) / (axis->high - axis->low);
	return axis->pixel_low + at * (axis->pixel_high - axis->pixel_low);
}

const char *plot_axis_label(const struct plot_axis *axis, double tick, char text[32])
{
	double size = fmax(fabs(axis->low), fabs(axis->high));
	if (axis->log || size >= 1e7 || axis->decimals > 6)
		snprintf(text, 32, "%.6g", tick);
	else
		snprintf(text, 32, "%.*f", axis->decimals, tick == 0 ? 0 : tick);
	return text;
}
