/*
 * eval_ranking: how well scores tell right from wrong, and how far they can be trusted. All figures are exact counts
 * divided once.
 */
#ifndef EVAL_EVAL_RANKING_H
#define EVAL_EVAL_RANKING_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct eval_scored {
	double score;	/* not NaN */
	bool positive;
};

enum { EVAL_CALIBRATION_BINS = 15 };

/* Answers whose confidence is in (i/15, (i+1)/15]; 0 is in the first bin. */
struct eval_calibration {
	int64_t n[EVAL_CALIBRATION_BINS];
	int64_t n_right[EVAL_CALIBRATION_BINS];
	double confidence[EVAL_CALIBRATION_BINS];	/* sum */
};

/* Add one answer; confidence in [0, 1]. */
void eval_calibration_add(struct eval_calibration *c, double confidence, bool right);

/*
 * Expected calibration error: the mean over all answers of |share that is right - mean confidence| of their bin; -1 without
 * answers. Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.
 */
double eval_calibration_error(const struct eval_calibration *c);

/*
 * Area under the ROC curve: the chance that a positive has a higher score than a negative, ties counted half; -1
 * when there are no positives or no negatives. x is sorted: ascending.
 */
double eval_auroc(struct eval_scored *x, int64_t n);

/*
 * The share of positives taken for negatives when the threshold is the lowest score at which at least 95 % of the negatives
 * are at or below it. -1 as above. x as eval_auroc() leaves it.
 *
 * With what is out of distribution as the positives, this is the literature's FPR at 95 % TPR, where being in
 * distribution is what counts as positive (Liang et al., "ODIN", ICLR 2018, section 4.2).
 */
double eval_missed_at_95(const struct eval_scored *x, int64_t n);

#endif
