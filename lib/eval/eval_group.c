#include "eval/eval_group.h"

#include "eval/eval_assign.h"

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

/* What indices are sorted by. */
struct order {
	const struct eval_object *x;
	const struct eval_type *type;	/* NULL: equal ones stay as given */
};

static int compare_places(const void *a, const void *b, void *context)
{
	const struct order *order = context;
	int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
	const struct eval_object *x = &order->x[i], *y = &order->x[j];
	int difference = order->type == NULL ? 0 : eval_compare_content(order->type, x, y);
	if (difference == 0 && order->type != NULL)
		difference = (x->category > y->category) - (x->category < y->category);
	return difference != 0 ? difference : (i > j) - (i < j);
}

static int compare_scores(const void *a, const void *b, void *context)
{
	const struct order *order = context;
	double x = order->x[*(const int64_t *)a].score, y = order->x[*(const int64_t *)b].score;
	return x != y ? (x < y) - (x > y) : compare_places(a, b, context);
}

static void sort_image(int64_t *index, int64_t n, struct order *order, int (*compare)(const void *, const void *, void *))
{
	if (n > 1)
		qsort_r(index, (size_t)n, sizeof *index, compare, order);
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
	struct order dt = { in->dt, in->canonical ? in->type : NULL }, gt = { in->gt, dt.type };
	for (int32_t i = 0; i < in->n_images; i++) {
		int64_t n_dt = groups->dt_start[i + 1] - groups->dt_start[i], n_gt = groups->gt_start[i + 1] - groups->gt_start[i];
		groups->most_pairs = n_dt * n_gt > groups->most_pairs ? n_dt * n_gt : groups->most_pairs;
		sort_image(groups->dt + groups->dt_start[i], n_dt, &dt, compare_scores);
		if (in->canonical)
			sort_image(groups->gt + groups->gt_start[i], n_gt, &gt, compare_places);
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
