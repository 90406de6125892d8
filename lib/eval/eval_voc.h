/*
 * eval_voc: average precision of boxes by the rule of the PASCAL VOC challenge.
 *
 * A detection stands for the annotation of its class that it overlaps most (the first of equal ones). It is right
 * when that overlap is above 0.5 and no better detection had the same annotation; a second one is wrong, also where another
 * annotation would have fitted. Annotations marked difficult need not be found, and what falls on them counts
 * neither way; crowds are taken as difficult.
 *
 * VOC's boxes name their last pixel, so a side is xmax - xmin + 1. Boxes here are continuous: xmin - 1 to xmax has
 * that very length, so that nothing is added again.
 *
 * Source: Everingham et al., "The PASCAL Visual Object Classes Challenge", IJCV 2010, section 4.2, and the behaviour
 * of its development kit.
 */
#ifndef EVAL_EVAL_VOC_H
#define EVAL_EVAL_VOC_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval_set.h"

#include <stdbool.h>
#include <stdint.h>

enum eval_voc_rule {
	EVAL_VOC_2007,	/* mean of the best precision at recall >= 0, 0.1, ... 1 */
	EVAL_VOC_2010,	/* area under the precision made monotone */
};

struct eval_voc_result {
	double mean;	/* over the classes that have something to find; -1: none has */
	double *ap;	/* [n_categories] -1: nothing to find */
	int64_t *objects;	/* [n_categories] to find */
	int64_t *difficult;	/* [n_categories] */
	int64_t *detections;	/* [n_categories] */
};

/*
 * Equal scores keep the order in which the detections were read. The result lives in the arena.
 * Error: a score that is not a number; memory.
 */
int eval_voc_run(struct eval_voc_result *out, const struct eval_set *set, enum eval_voc_rule rule, struct arena *a)
	MUST_CHECK;

/*
 * What the rule makes of a curve.
 *   recall, precision   [n] after each detection, best first; precision is made monotone in place
 */
double eval_voc_ap(const double *recall, double *precision, int64_t n, enum eval_voc_rule rule);

#endif
