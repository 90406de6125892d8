/*
 * eval_page: an evaluation as one picture: precision over recall, scores of true and false detections, reliability of
 * the scores, and AP of the classes.
 */
#ifndef EVAL_EVAL_PAGE_H
#define EVAL_EVAL_PAGE_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval_analysis.h"

/* Needs the analysis' outcome. Error: cannot write; memory. */
int eval_page_write(const char *path, const struct eval_analysis *analysis, struct arena *a) MUST_CHECK;

/*
 * How well scores say how often detections are true: EVAL_BINS equal bins of [0, 1], a score of 1 in the last.
 * Source: Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", 2015.
 */
enum { EVAL_BINS = 10 };

struct eval_calibration {
	int64_t n[EVAL_BINS];	/* detections that count */
	double score[EVAL_BINS], precision[EVAL_BINS];	/* means; NAN: none there */
	double error;	/* expected calibration error; -1: no detections with scores in [0, 1] */
};

void eval_calibrate(struct eval_calibration *calibration, const struct eval_outcome *outcome);

#endif
