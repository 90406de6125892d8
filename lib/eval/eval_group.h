/*
 * eval_group: all objects of an image together, whatever their class. The canonical order is that of eval_assign.h, then by class.
 *
 *     struct eval_groups groups;
 *     struct eval_group group;
 *     TRY(eval_groups_make(&groups, &input, &arena));
 *     TRY(eval_group_init(&group, &groups, &arena));
 *     for (int32_t image = 0; image < input.n_images; image++)
 *             eval_group_load(&group, &groups, &input, image);
 */
#ifndef EVAL_EVAL_GROUP_H
#define EVAL_EVAL_GROUP_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"

#include <stdint.h>

/* Indices into the detections and annotations of an input, grouped by image. */
struct eval_groups {
	int64_t *dt;	/* [n_dt] by image, then descending score; equal scores as given, or in the input's canonical order */
	int64_t *gt;	/* [n_gt] by image, then likewise */
	int64_t *dt_start, *gt_start;	/* [n_images + 1] */
	int64_t most_dt, most_gt, most_pairs;	/* in one image */
};

/* One image. */
struct eval_group {
	int64_t n_dt, n_gt;
	const int64_t *dt_index, *gt_index;	/* [n_dt], [n_gt] of the input */
	struct eval_object *dt, *gt;	/* copies */
	double *overlap;	/* [n_dt n_gt] as the type defines it */
};

/* Error: memory. */
int eval_groups_make(struct eval_groups *groups, const struct eval_input *input, struct arena *a) MUST_CHECK;

/* Room for any image of the groups. Error: memory. */
int eval_group_init(struct eval_group *group, const struct eval_groups *groups, struct arena *a) MUST_CHECK;

/* Fill in one image. */
void eval_group_load(struct eval_group *group, const struct eval_groups *groups, const struct eval_input *input,
		     int32_t image);

#endif
