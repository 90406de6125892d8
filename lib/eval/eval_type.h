/*
 * eval_type: the types of evaluation by COCO's rule, one file each, found by the build; and what most of them share.
 */
#ifndef EVAL_EVAL_TYPE_H
#define EVAL_EVAL_TYPE_H

#include "eval/eval.h"

/* All types, made by the build; ends with NULL. */
extern const struct eval_type *const eval_types[];

/* NULL: there is none of that name. */
const struct eval_type *eval_type_find(const char *name);

/*
 * The benchmark's sizes, limits and twelve figures of boxes and masks, to be put into the initialiser of a type.
 * Source: the COCO detection evaluation, "metrics".
 */
#define EVAL_TWELVE_FIGURES \
	.n_ranges = 4, \
	.ranges = { { "all", 0, 1e10 }, { "small", 0, 1024 }, { "medium", 1024, 9216 }, { "large", 9216, 1e10 } }, \
	.n_limits = 3, \
	.limits = { 1, 10, 100 }, \
	.n_rows = 12, \
	.rows = { \
		{ "AP", false, -1, 0, 2 }, \
		{ "AP50", false, 0, 0, 2 }, \
		{ "AP75", false, 5, 0, 2 }, \
		{ "APs", false, -1, 1, 2 }, \
		{ "APm", false, -1, 2, 2 }, \
		{ "APl", false, -1, 3, 2 }, \
		{ "AR1", true, -1, 0, 0 }, \
		{ "AR10", true, -1, 0, 1 }, \
		{ "AR100", true, -1, 0, 2 }, \
		{ "ARs", true, -1, 1, 2 }, \
		{ "ARm", true, -1, 2, 2 }, \
		{ "ARl", true, -1, 3, 2 }, \
	}

#endif
