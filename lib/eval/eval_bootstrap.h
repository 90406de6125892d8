/*
 * eval_bootstrap: how much the figures would vary with other images of the same kind.
 *
 * In each round as many images are drawn as there are, with replacement, and all figures are measured on them; an image drawn
 * twice counts as two images. The draws depend on seed and round alone: round r draws n_images times rng_below(n_images)
 * from rng_make(rng_mix(rng_mix_text(seed, "bootstrap"), r)). So two sets of results with the same
 * seed are measured on the same draws (paired), and the result does not depend on the threads.
 *
 *     TRY(eval_kept_make(&kept, &input, &arena));
 *     TRY(eval_bootstrap_run(&b, &kept, &(struct eval_bootstrap_options){ .rounds = 1000, .level = 0.95, ... }, &arena));
 *     TRY(eval_bootstrap_interval(&interval, &b, 0, 0.95, &arena));
 *
 * Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993: percentile intervals (chapter 13).
 */
#ifndef EVAL_EVAL_BOOTSTRAP_H
#define EVAL_EVAL_BOOTSTRAP_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval_kept.h"

#include <stdint.h>

struct eval_bootstrap_options {
	int64_t rounds;	/* at least 1 */
	uint64_t seed;
	double level;	/* of the intervals, in (0, 1) */
	int threads;
};

/* Figures: the type's rows, then AP of every class, then AP50 of every class. */
struct eval_bootstrap {
	int64_t rounds;
	int64_t n_figures;
	double *figure;	/* [rounds n_figures] -1: the draw had nothing to find */
};

struct eval_interval {
	double low, high;	/* -1, -1: no draw had anything to find */
};

/* What is known of a difference B - A. */
struct eval_difference {
	struct eval_interval interval;	/* NAN, NAN: not defined in any draw */
	double p;	/* two-sided, of no difference: twice the share of draws (and one more) on the other side of 0 */
};

/* The number of a figure: of a row; of AP (which 0) or AP50 (which 1) of a class. */
int64_t eval_bootstrap_row(int row);
int64_t eval_bootstrap_class(const struct eval_kept *kept, int which, int32_t category);

/* The arrays live in the arena. Error: memory. */
int eval_bootstrap_run(struct eval_bootstrap *b, const struct eval_kept *kept, const struct eval_bootstrap_options *options,
		       struct arena *a) MUST_CHECK;

/* The middle `level` of the draws where the figure is defined; between two draws linearly, as numpy's quantile. */
int eval_bootstrap_interval(struct eval_interval *interval, const struct eval_bootstrap *b, int64_t figure, double level,
			    struct arena *a) MUST_CHECK;

/* The same of the differences of two runs with the same seed, rounds and ground truth. */
int eval_bootstrap_difference(struct eval_difference *difference, const struct eval_bootstrap *a_run,
			      const struct eval_bootstrap *b_run, int64_t figure, double level, struct arena *a) MUST_CHECK;

#endif
