/*
 * eval_order: stable orders of detections and annotations, made of counting sorts.
 *
 * An order is an array of indices. Sorting by the least important key first and keeping what is equal in place gives
 * an order by several keys in a few linear passes.
 */
#ifndef EVAL_EVAL_ORDER_H
#define EVAL_EVAL_ORDER_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"

#include <stdint.h>

/*
 * Objects [n] grouped by category and, in it, by image; objects of one group in descending order of score, equal
 * scores in the order given (annotations: score 0 everywhere, so as given).
 */
struct eval_order {
	struct eval_object *grouped;	/* [n] copies: category, image, score */
	int64_t *start;	/* [n_categories + 1] first of each category in grouped */
	int64_t *by_score;	/* [n] indices into grouped: category, score, image; NULL when not asked for */
};

/* Error: memory. Everything lives in the arena. */
int eval_order_make(struct eval_order *order, const struct eval_object *x, int64_t n, int32_t n_images,
		    int32_t n_categories, bool want_by_score, struct arena *a) MUST_CHECK;

#endif
