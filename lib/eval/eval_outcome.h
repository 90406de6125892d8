/*
 * eval_outcome: what became of every detection and every annotation at one IoU threshold.
 *
 * The rule is that of eval_run() for all sizes: within an image and class the best scores choose first. Leaving out
 * the detections below some score changes nothing above it, so one outcome serves every score threshold. Unlike there,
 * an annotation with the id 0 is one like any other.
 */
#ifndef EVAL_EVAL_OUTCOME_H
#define EVAL_EVAL_OUTCOME_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"
#include "eval/eval_group.h"

#include <stdint.h>

enum eval_state {
	EVAL_FALSE,	/* fits nothing, or only what a better one has found */
	EVAL_TRUE,
	EVAL_IGNORED,	/* fits a crowd or what need not be found; or beyond the limit of detections */
};

struct eval_outcome {
	const struct eval_input *input;	/* borrowed */
	struct eval_groups groups;
	double iou;
	uint8_t *state;	/* [n_dt] enum eval_state */
	int64_t *match;	/* [n_dt] the annotation it found, when EVAL_TRUE; else -1 */
	int64_t *found_by;	/* [n_gt] the detection that found it, or -1 */
	bool *wanted;	/* [n_gt] has to be found */
};

/* iou in (0, 1]. The outcome lives in the arena and borrows the input. Error: memory. */
int eval_outcome_make(struct eval_outcome *outcome, const struct eval_input *input, double iou, struct arena *a) MUST_CHECK;

/* How one class does at one score threshold. */
struct eval_counts {
	int64_t n_true, n_false, n_missed;
	double precision, recall, f1;	/* -1: nothing to divide by */
};

/* Fill in precision, recall and F1 from the numbers. */
void eval_counts_finish(struct eval_counts *counts);

/*
 * The threshold with the greatest F1 for every class: detections of at least this score count. Of equal F1 the higher one.
 * NAN where no threshold finds anything.
 *   threshold [n_categories]
 * Error: memory.
 */
int eval_best_thresholds(double *threshold, const struct eval_outcome *outcome, struct arena *a) MUST_CHECK;

/*
 * Count detections of at least threshold[category] (NAN: none) by class or by image.
 *   counts [n_categories] or [n_images]; either may be NULL
 */
void eval_count(struct eval_counts *by_class, struct eval_counts *by_image, const struct eval_outcome *outcome,
		const double *threshold);

#endif
