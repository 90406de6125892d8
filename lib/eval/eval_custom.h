/*
 * eval_custom: a type of evaluation with other limits or size ranges than its own.
 */
#ifndef EVAL_EVAL_CUSTOM_H
#define EVAL_EVAL_CUSTOM_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"

/*
 * `custom` (it may be type itself) becomes a copy of type with the limits "1,10,100" (1 to EVAL_MAX_LIMITS numbers, each once) in ascending order.
 * Every row follows: mean recall over all sizes is given for each limit, everything else for the greatest. (pycocotools
 * prints -1 for the rows that it wants at 100.) Names of rows live in the arena.
 * Error: what is not such a list.
 */
int eval_custom_limits(struct eval_type *custom, const struct eval_type *type, const char *limits, struct arena *a) MUST_CHECK;

/*
 * The same with the size ranges "all:0:1e10,tiny:0:256" (1 to EVAL_MAX_RANGES), areas in pixels squared, closed at both ends. The
 * first stands for all sizes; the rows of one size are AP and AR at the greatest limit for each of the others.
 */
int eval_custom_ranges(struct eval_type *custom, const struct eval_type *type, const char *ranges, struct arena *a) MUST_CHECK;

/* Whether lists of limits and ranges, which may be NULL, are such lists. Error: they are not. */
int eval_custom_check(const char *limits, const char *ranges) MUST_CHECK;

#endif
