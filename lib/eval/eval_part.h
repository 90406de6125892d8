/*
 * eval_part: an evaluation of some images as a file, and many such files as one evaluation.
 *
 * A part holds what eval_flow knows once its images are matched: what has to be found in each image, and the records of
 * the detections. Images go by their ids, so that equal scores come in the same order as in one run over everything, and
 * the figures are the same to the last bit. The format is in evalap's man page.
 */
#ifndef EVAL_EVAL_PART_H
#define EVAL_EVAL_PART_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval_flow.h"
#include "eval/eval_set.h"

/* Write the flow of a set. Appears whole or not at all. Error: cannot write. */
int eval_part_write(const char *path, const struct eval_flow *flow, const struct eval_set *set) MUST_CHECK;

/*
 * Make a flow of the parts [n], and of the set what reports need: images, categories, and the numbers of objects.
 * An image may be in several parts, for its annotations, but have detections in only one.
 * Error: not a part, or a damaged one; parts of different types, limits, sizes or categories; an image with other annotations or with
 * detections in two parts; memory.
 */
int eval_part_merge(struct eval_flow *flow, struct eval_set *set, char *const *paths, int n, struct arena *a) MUST_CHECK;

#endif
