/*
 * eval_outline: masks with their boundaries, for boundary IoU.
 *
 * The boundary is what lies inside a mask within d pixels of its outside; d = 0.02 of the image's diagonal, rounded to the
 * nearest whole number (halves to the even one), at least 1.
 *
 * Source: Cheng et al., "Boundary IoU: Improving Object-Centric Image Segmentation Evaluation", CVPR 2021.
 */
#ifndef EVAL_EVAL_OUTLINE_H
#define EVAL_EVAL_OUTLINE_H

#include "base/arena.h"
#include "base/error.h"
#include "coco/rle.h"
#include "eval/eval.h"

struct eval_outline {
	struct rle_edges mask;	/* the first: an object's mask points here */
	struct rle_edges boundary;
};

/* Some order of masks, for eval_type's compare(): size, then runs. */
int eval_compare_masks(const struct eval_object *a, const struct eval_object *b);

/* Make all objects' masks the first member of an outline; all in the arena. Error: memory. */
int eval_outlines_make(struct eval_object *x, int64_t n, int threads, struct arena *a) MUST_CHECK;

#endif
