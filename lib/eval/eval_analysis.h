/*
 * eval_analysis: what is asked of an evaluation beyond its figures: operating points, errors, intervals, a comparison.
 *
 *     TRY(eval_analysis_run(&analysis, &options, &set, &input, &result, &arena));
 *     eval_analysis_print(stdout, &analysis);
 *
 * Everything lives in the arena and borrows set, input and result.
 */
#ifndef EVAL_EVAL_ANALYSIS_H
#define EVAL_EVAL_ANALYSIS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "eval/eval.h"
#include "eval/eval_bootstrap.h"
#include "eval/eval_errors.h"
#include "eval/eval_figures.h"
#include "eval/eval_outcome.h"
#include "eval/eval_set.h"

#include <stdbool.h>
#include <stdio.h>

struct eval_analysis_options {
	/* Files to write, or NULL. */
	const char *thresholds, *confusion, *per_image, *plot;
	const char *compare;	/* other results to read, or NULL */
	bool counts, errors, intervals;
	double iou;	/* at which a detection is true in counts, thresholds, confusion and per_image */
	double score;	/* from which it counts there; NAN: from the best threshold of its class */
	struct eval_bootstrap_options bootstrap;
};

/* One figure of two sets of results. */
struct eval_compared {
	double a, b;	/* -1: not defined */
	struct eval_difference difference;
};

struct eval_analysis {
	const struct eval_analysis_options *options;
	const struct eval_set *set;
	const struct eval_input *input;
	const struct eval_result *result;
	struct eval_outcome outcome;	/* when there are counts */
	struct eval_counts *counts;	/* [n_categories] at threshold; NULL: not asked for */
	double *threshold;	/* [n_categories] NAN: nothing is kept */
	const struct eval_errors *errors;	/* NULL: not asked for */
	/* By eval_bootstrap_row() and eval_bootstrap_class(); NULL: not asked for. */
	int64_t n_figures;
	const struct eval_interval *interval;
	const struct eval_compared *compared;
};

/* Whether anything is asked for that looks at all detections once more. */
bool eval_analysis_wanted(const struct eval_analysis_options *options);

/* Compute, and write the files. Error: cannot read the other results, cannot write a file; memory. */
int eval_analysis_run(struct eval_analysis *analysis, const struct eval_analysis_options *options, const struct eval_set *set,
		      const struct eval_input *input, const struct eval_result *result, struct arena *a) MUST_CHECK;

/* Columns with what there is for every class. Error: memory. */
int eval_analysis_columns(struct eval_figures *figures, const struct eval_analysis *analysis, struct arena *a) MUST_CHECK;

/* Tables: counts by class, errors, intervals, comparison. */
void eval_analysis_print(FILE *file, const struct eval_analysis *analysis);

/*
 * What eval_figures_json() writes, and the keys "errors", "intervals" and "compare" for what there is; analysis may be
 * NULL.
 */
void eval_report_json(FILE *file, const struct eval_figures *figures, const struct eval_analysis *analysis);

#endif
