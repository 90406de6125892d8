#include "eval/eval_group.h"

#include <stdlib.h>

/* start[i] .. start[i + 1] are the places of image i among n objects; returns the greatest number in one image. */
static int64_t count_by_image(int64_t *start, const struct eval_object *x, int64_t n, int32_t n_images)
{
	int64_t most = 0;
	for (int64_t i = 0; i < n; i++)
		start[x[i].image + 1]++;
	for (int32_t i = 0; i < n_images; i++) {
		most = start[i + 1] > most ? start[i + 1] : most;
		start[i + 1] += start[i];
	}
	return most;
}

/* Indices by image, in the order given within one; start is moved on by one image and back again. */
static void fill_by_image(int64_t *index, int64_t *start, const struct eval_object *x, int64_t n, int32_t n_images)
{
	for (int64_t i = 0; i < n; i++)
		index[start[x[i].image]++] = i;
	for (int32_t i = n_images; i > 0; i--)
		start[i] = start[i - 1];
	start[0] = 0;
}

static int compare_scores(const void *a, const void *b, void *objects)
{
	const struct eval_object *x = objects;
	int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
	if (x[i].score != x[j].score)
		return x[i].score > x[j].score ? -1 : 1;
	return (i > j) - (i < j);
}

int eval_groups_make(struct eval_groups *groups, const struct eval_input *in, struct arena *a)
{
	*groups = (struct eval_groups){ .dt = arena_calloc(a, (size_t)in->n_dt, sizeof *groups->dt),
		.gt = arena_calloc(a, (size_t)in->n_gt, sizeof *groups->gt),
		.dt_start = arena_calloc(a, (size_t)in->n_images + 1, sizeof *groups->dt_start),
		.gt_start = arena_calloc(a, (size_t)in->n_images + 1, sizeof *groups->gt_start) };
	if (groups->dt == NULL || groups->gt == NULL || groups->dt_start == NULL || groups->gt_start == NULL)
		return -1;
	groups->most_dt = count_by_image(groups->dt_start, in->dt, in->n_dt, in->n_images);
	groups->most_gt = count_by_image(groups->gt_start, in->gt, in->n_gt, in->n_images);
	fill_by_image(groups->dt, groups->dt_start, in->dt, in->n_dt, in->n_images);
	fill_by_image(groups->gt, groups->gt_start, in->gt, in->n_gt, in->n_images);
	struct eval_object *objects = (struct eval_object *)in->dt;
	for (int32_t i = 0; i < in->n_images; i++) {
		int64_t first = groups->dt_start[i], n = groups->dt_start[i + 1] - first;
		int64_t pairs = n * (groups->gt_start[i + 1] - groups->gt_start[i]);
		groups->most_pairs = pairs > groups->most_pairs ? pairs : groups->most_pairs;
		if (n > 1)
			qsort_r(groups->dt + first, (size_t)n, sizeof *groups->dt, compare_scores, objects);
	}
	return 0;
}

int eval_group_init(struct eval_group *group, const struct eval_groups *groups, struct arena *a)
{
	*group = (struct eval_group){ .dt = arena_calloc(a, (size_t)groups->most_dt, sizeof *group->dt),
		.gt = arena_calloc(a, (size_t)groups->most_gt, sizeof *group->gt),
		.overlap = arena_calloc(a, (size_t)groups->most_pairs, sizeof *group->overlap) };
	return group->dt == NULL || group->gt == NULL || group->overlap == NULL ? -1 : 0;
}

void eval_group_load(struct eval_group *group, const struct eval_groups *groups, const struct eval_input *in,
		     int32_t image)
{
	group->dt_index = groups->dt + groups->dt_start[image];
	group->gt_index = groups->gt + groups->gt_start[image];
	group->n_dt = groups->dt_start[image + 1] - groups->dt_start[image];
	group->n_gt = groups->gt_start[image + 1] - groups->gt_start[image];
	for (int64_t i = 0; i < group->n_dt; i++)
		group->dt[i] = in->dt[group->dt_index[i]];
	for (int64_t i = 0; i < group->n_gt; i++)
		group->gt[i] = in->gt[group->gt_index[i]];
	in->type->overlap(group->overlap, group->dt, group->n_dt, group->gt, group->n_gt);
}
