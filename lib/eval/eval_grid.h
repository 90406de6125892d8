/*
 * eval_grid: many trainings of the same detector side by side: methods, schemes of augmentation, parts of the labels, seeds.
 *
 * It is read from tables of comma-separated values, a line an evaluation, as pipelines/compare.sh writes them:
 *
 *     method,scheme,fraction,seed,step,AP
 *     scratch,1,0.2,0,500,0.312
 *
 * A cell is all seeds of a method, scheme and fraction. Its AP is the mean of the last evaluation of each seed; its gain is
 * the mean difference to the first method of the first table, seed by seed, at the same scheme and fraction. Intervals are Student's.
 */
#ifndef EVAL_EVAL_GRID_H
#define EVAL_EVAL_GRID_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct eval_grid_line {
	int method;	/* which of the grid's */
	int scheme;
	double fraction;
	int64_t seed, step;
	double ap;
	bool last;	/* of its training */
};

/* A mean over seeds; n = 0: there is none, and value is NAN. */
struct eval_grid_mean {
	int n;
	double value, half;	/* half of the interval; NAN of fewer than two */
};

struct eval_grid {
	struct arena *arena;
	double level;	/* of the intervals */
	int n_methods;
	const char **methods;	/* [n_methods] in the order of the tables */
	int n_schemes, n_fractions;
	double *schemes, *fractions;	/* ascending */
	int64_t n;
	struct eval_grid_line *line;	/* [n] by method, scheme, fraction, seed and step */
};

/* Error: cannot read; a line that is not as above, by its number; the same evaluation twice; no line at all. n_paths >= 1. */
int eval_grid_read(struct eval_grid *g, char *const *path, int n_paths, double level, struct arena *a) MUST_CHECK;

/* AP of a cell, or its gain over the first method. Error: memory. */
int eval_grid_ap(struct eval_grid_mean *mean, const struct eval_grid *g, int method, double scheme, double fraction) MUST_CHECK;
int eval_grid_gain(struct eval_grid_mean *mean, const struct eval_grid *g, int method, double scheme, double fraction) MUST_CHECK;

/* A table, for people or as comma-separated values. Error: memory. */
int eval_grid_print(FILE *file, const struct eval_grid *g) MUST_CHECK;
int eval_grid_csv(FILE *file, const struct eval_grid *g) MUST_CHECK;

/*
 * Pages of charts: AP against steps, a chart for each scheme and fraction; gains against schemes for each fraction, and against
 * fractions for each scheme. Error: cannot write; more charts than a page holds.
 */
int eval_grid_plot_curves(const char *path, const struct eval_grid *g) MUST_CHECK;
int eval_grid_plot_gains(const char *path, const struct eval_grid *g) MUST_CHECK;

#endif
