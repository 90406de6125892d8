/*
 * eval_match: which detections of one class are right, for every threshold and size range.
 */
#ifndef EVAL_EVAL_MATCH_H
#define EVAL_EVAL_MATCH_H

#include "eval/eval.h"
#include "eval/eval_order.h"

#include <stdint.h>

/*
 * Working memory of one thread. A detection that is neither true nor false is ignored: it is matched
 * with an annotation that does not count, or unmatched and outside the size range, or beyond the limit.
 */
struct eval_match {
	double *overlap;	/* [detections in a group x annotations in it], the largest product */
	int64_t *candidate;	/* [annotations in a group] those that count first */
	uint16_t *taken;	/* [annotations in a group] bit t: matched at threshold t */
	int16_t *rank;	/* [detections of a class] position in its group by score, from 0; -1: beyond the limit */
	uint16_t *is_true[EVAL_MAX_RANGES];	/* [detections of a class] bit t */
	uint16_t *is_false[EVAL_MAX_RANGES];
	int64_t n_wanted[EVAL_MAX_RANGES];	/* annotations that have to be found */
};

/* Memory for the largest class and group of these orders, in the arena. */
int eval_match_init(struct eval_match *m, const struct eval_type *type, const struct eval_order *dt,
		    const struct eval_order *gt, int32_t n_categories, struct arena *a) MUST_CHECK;

/* Fill rank, is_true, is_false and n_wanted for one class. */
void eval_match_category(struct eval_match *m, const struct eval_type *type, const struct eval_order *dt,
			 const struct eval_order *gt, int32_t category);

#endif
