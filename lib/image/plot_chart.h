/*
 * plot_chart: the parts that plots alone and on a page are put together from.
 */
#ifndef IMAGE_PLOT_CHART_H
#define IMAGE_PLOT_CHART_H

#include "image/plot.h"

#include <stddef.h>
#include <stdio.h>

/* The opening of a file of w x h pixels, on white; "</svg>" ends it. */
void plot_put_head(FILE *file, int w, int h);

/* Text at (x, y), escaped; nothing when it is NULL. */
void plot_put_label(FILE *file, const char *text, double x, double y, const char *attributes);

/* Letters of a UTF-8 text. */
size_t plot_letters(const char *text);

/* A chart of w x h pixels with its upper left corner at the origin; the lowest `below` of them are for the legend. */
void plot_put_chart(FILE *file, const struct plot *plot, int w, int h, int below);

/* Pixels that the legend needs below a chart of this width; 0 when it is inside. */
int plot_legend_height(const struct plot *plot, int w);

/* Error: too many series. */
int plot_check(const struct plot *plot) MUST_CHECK;

#endif
