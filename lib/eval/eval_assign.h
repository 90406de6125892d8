/*
 * eval_assign: which detections of one class in one image are right, for every threshold and size range.
 *
 * Detections choose in descending order of score. Among equal scores the strict order is that of the results, the canonical
 * one that of the content: box, area, flags and what the type compares; likewise annotations, of which the later of two equally good ones is taken.
 */
#ifndef EVAL_EVAL_ASSIGN_H
#define EVAL_EVAL_ASSIGN_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"
#include "eval/eval_record.h"

#include <stdbool.h>
#include <stdint.h>

struct eval_outcomes {
	uint8_t (*at)[EVAL_MAX_RANGES * EVAL_BYTES];	/* [n_dt] see eval_record */
	bool tie;	/* a detection fitted two annotations equally well, so that their order may matter */
};

/* A copy of detections [n] by category, then descending score; the rest as given. NULL: out of memory. */
struct eval_object *eval_assign_sorted(const struct eval_object *dt, int64_t n, struct arena *a) MUST_CHECK;

/* The canonical order of objects of one class in one image, or of equal scores among them; 0: they are exchangeable. */
int eval_compare_content(const struct eval_type *type, const struct eval_object *a, const struct eval_object *b);

/* Bring equal scores of one class into the canonical order. True when that changes the order. */
bool eval_assign_reorder(const struct eval_type *type, struct eval_object *dt, int64_t n);

/* Annotations of one class in the canonical order. */
void eval_assign_sort_content(const struct eval_type *type, struct eval_object *gt, int64_t n);

/* Match detections [n_dt], in order, with annotations [n_gt] of the same class and image. Error: memory. */
int eval_assign(struct eval_outcomes *outcomes, const struct eval_type *type, const struct eval_object *dt, int64_t n_dt,
		const struct eval_object *gt, int64_t n_gt, struct arena *a) MUST_CHECK;

#endif
