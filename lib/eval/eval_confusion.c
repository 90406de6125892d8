#include "eval/eval_confusion.h"

#include <stdlib.h>
#include <string.h>

struct pair {
	double overlap;
	int32_t dt, gt;	/* in the group */
};

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	if (x->overlap != y->overlap)
		return x->overlap > y->overlap ? -1 : 1;
	if (x->dt != y->dt)
		return x->dt < y->dt ? -1 : 1;
	return (x->gt > y->gt) - (x->gt < y->gt);
}

struct pairing {
	struct eval_group group;
	struct pair *pair;	/* [most_pairs] */
	bool *dt_left, *gt_left;	/* still without a partner */
};

static void pair_up(int64_t *cell, struct pairing *p, int64_t n, double iou)
{
	const struct eval_group *g = &p->group;
	int64_t n_pairs = 0;
	for (int64_t d = 0; d < g->n_dt; d++)
		for (int64_t i = 0; p->dt_left[d] && i < g->n_gt; i++)
			if (p->gt_left[i] && g->overlap[d * g->n_gt + i] >= iou)
				p->pair[n_pairs++] = (struct pair){ g->overlap[d * g->n_gt + i], (int32_t)d, (int32_t)i };
	qsort(p->pair, (size_t)n_pairs, sizeof *p->pair, compare_pairs);
	for (int64_t i = 0; i < n_pairs; i++) {
		int32_t d = p->pair[i].dt, t = p->pair[i].gt;
		if (!p->dt_left[d] || !p->gt_left[t])
			continue;
		p->dt_left[d] = p->gt_left[t] = false;
		cell[g->gt[t].category * n + g->dt[d].category]++;
	}
}

static void add_image(int64_t *cell, struct pairing *p, const struct eval_outcome *out, const double *threshold)
{
	const struct eval_group *g = &p->group;
	int64_t background = out->input->n_categories, n = background + 1;
	for (int64_t d = 0; d < g->n_dt; d++) {
		bool kept = g->dt[d].score >= threshold[g->dt[d].category];
		uint8_t state = out->state[g->dt_index[d]];
		p->dt_left[d] = kept && state == EVAL_FALSE;
		if (kept && state == EVAL_TRUE)
			cell[g->dt[d].category * n + g->dt[d].category]++;
	}
	for (int64_t i = 0; i < g->n_gt; i++) {
		int64_t by = out->found_by[g->gt_index[i]];
		bool found = by >= 0 && out->input->dt[by].score >= threshold[g->gt[i].category];
		p->gt_left[i] = out->wanted[g->gt_index[i]] && !found;
	}
	pair_up(cell, p, n, out->iou);
	for (int64_t d = 0; d < g->n_dt; d++)
		cell[background * n + g->dt[d].category] += p->dt_left[d];
	for (int64_t i = 0; i < g->n_gt; i++)
		cell[g->gt[i].category * n + background] += p->gt_left[i];
}

int eval_confusion_make(int64_t *cell, const struct eval_outcome *out, const double *threshold, struct arena *a)
{
	int64_t n = (int64_t)out->input->n_categories + 1;
	struct pairing p = { .pair = arena_calloc(a, (size_t)out->groups.most_pairs, sizeof *p.pair),
		.dt_left = arena_calloc(a, (size_t)out->groups.most_dt, sizeof *p.dt_left),
		.gt_left = arena_calloc(a, (size_t)out->groups.most_gt, sizeof *p.gt_left) };
	if (p.pair == NULL || p.dt_left == NULL || p.gt_left == NULL)
		return -1;
	TRY(eval_group_init(&p.group, &out->groups, a));
	memset(cell, 0, (size_t)(n * n) * sizeof *cell);
	for (int32_t image = 0; image < out->input->n_images; image++) {
		eval_group_load(&p.group, &out->groups, out->input, image);
		add_image(cell, &p, out, threshold);
	}
	return 0;
}
