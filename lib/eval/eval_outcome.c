#include "eval/eval_outcome.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What matching needs besides the outcome. */
struct matcher {
	struct eval_group group;
	int32_t *n_taken;	/* [n_categories] detections looked at, per class of this image */
	bool *taken;	/* [annotations of an image] */
};

/* The annotation of the group that detection d matches, or -1: those that have to be found come first, the later of equals wins. */
static int64_t find(const struct matcher *m, const bool *wanted, int64_t d, double iou)
{
	const struct eval_group *g = &m->group;
	for (int pass = 0; pass < 2; pass++) {
		double best = fmin(iou, 1 - 1e-10);
		int64_t found = -1;
		for (int64_t i = 0; i < g->n_gt; i++) {
			bool usable = g->gt[i].category == g->dt[d].category && wanted[g->gt_index[i]] == (pass == 0) &&
				(!m->taken[i] || g->gt[i].crowd);
			if (!usable || g->overlap[d * g->n_gt + i] < best)
				continue;
			best = g->overlap[d * g->n_gt + i];
			found = i;
		}
		if (found >= 0)
			return found;
	}
	return -1;
}

static void match_image(struct eval_outcome *out, struct matcher *m)
{
	const struct eval_group *g = &m->group;
	const struct eval_type *type = out->input->type;
	memset(m->taken, 0, (size_t)g->n_gt * sizeof *m->taken);
	for (int64_t d = 0; d < g->n_dt; d++)
		m->n_taken[g->dt[d].category] = 0;
	for (int64_t d = 0; d < g->n_dt; d++) {
		int64_t index = g->dt_index[d];
		out->match[index] = -1;
		if (m->n_taken[g->dt[d].category]++ >= type->limits[type->n_limits - 1]) {
			out->state[index] = EVAL_IGNORED;
			continue;
		}
		int64_t found = find(m, out->wanted, d, out->iou);
		if (found < 0) {
			bool harmless = g->dt[d].ignore || eval_outside(g->dt[d].area, &type->ranges[0]);
			out->state[index] = harmless ? EVAL_IGNORED : EVAL_FALSE;
			continue;
		}
		m->taken[found] = true;
		out->state[index] = out->wanted[g->gt_index[found]] ? EVAL_TRUE : EVAL_IGNORED;
		if (out->state[index] != EVAL_TRUE)
			continue;
		out->match[index] = g->gt_index[found];
		out->found_by[g->gt_index[found]] = index;
	}
}

int eval_outcome_make(struct eval_outcome *out, const struct eval_input *in, double iou, struct arena *a)
{
	struct matcher m = { .n_taken = arena_calloc(a, (size_t)in->n_categories, sizeof *m.n_taken) };
	*out = (struct eval_outcome){ .input = in, .iou = iou,
		.state = arena_calloc(a, (size_t)in->n_dt, sizeof *out->state),
		.match = arena_calloc(a, (size_t)in->n_dt, sizeof *out->match),
		.found_by = arena_calloc(a, (size_t)in->n_gt, sizeof *out->found_by),
		.wanted = arena_calloc(a, (size_t)in->n_gt, sizeof *out->wanted) };
	if (m.n_taken == NULL || out->state == NULL || out->match == NULL || out->found_by == NULL || out->wanted == NULL)
		return -1;
	TRY(eval_groups_make(&out->groups, in, a));
	TRY(eval_group_init(&m.group, &out->groups, a));
	m.taken = arena_calloc(a, (size_t)out->groups.most_gt, sizeof *m.taken);
	if (m.taken == NULL)
		return -1;
	for (int64_t i = 0; i < in->n_gt; i++) {
		out->found_by[i] = -1;
		out->wanted[i] = eval_wanted(&in->gt[i], &in->type->ranges[0]);
	}
	for (int32_t image = 0; image < in->n_images; image++) {
		eval_group_load(&m.group, &out->groups, in, image);
		match_image(out, &m);
	}
	return 0;
}

static double ratio(double above, double below)
{
	return below == 0 ? -1 : above / below;
}

void eval_counts_finish(struct eval_counts *c)
{
	double t = (double)c->n_true, f = (double)c->n_false, m = (double)c->n_missed;
	c->precision = ratio(t, t + f);
	c->recall = ratio(t, t + m);
	c->f1 = ratio(2 * t, 2 * t + f + m);
}

/* One detection that counts. */
struct scored {
	double score;
	int32_t category;
	bool is_true;
};

static int compare_scored(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;
	if (x->category != y->category)
		return x->category < y->category ? -1 : 1;
	return (x->score < y->score) - (x->score > y->score);
}

/* The best threshold among n detections of one class, descending. */
static double best_threshold(const struct scored *x, int64_t n, int64_t n_wanted)
{
	double best = NAN, best_f1 = 0;
	int64_t n_true = 0;
	for (int64_t i = 0; i < n; i++) {
		n_true += x[i].is_true;
		if (i + 1 < n && x[i + 1].score == x[i].score)
			continue;
		double f1 = 2 * (double)n_true / (double)(i + 1 + n_wanted);
		if (f1 > best_f1) {
			best_f1 = f1;
			best = x[i].score;
		}
	}
	return best;
}

int eval_best_thresholds(double *threshold, const struct eval_outcome *out, struct arena *a)
{
	const struct eval_input *in = out->input;
	struct scored *x = arena_calloc(a, (size_t)in->n_dt, sizeof *x);
	int64_t *n_wanted = arena_calloc(a, (size_t)in->n_categories, sizeof *n_wanted), n = 0;
	if (x == NULL || n_wanted == NULL)
		return -1;
	for (int64_t i = 0; i < in->n_gt; i++)
		n_wanted[in->gt[i].category] += out->wanted[i];
	for (int64_t i = 0; i < in->n_dt; i++)
		if (out->state[i] != EVAL_IGNORED)
			x[n++] = (struct scored){ in->dt[i].score, in->dt[i].category, out->state[i] == EVAL_TRUE };
	qsort(x, (size_t)n, sizeof *x, compare_scored);
	int64_t first = 0, end = 0;
	for (int32_t k = 0; k < in->n_categories; k++, first = end) {
		while (end < n && x[end].category == k)
			end++;
		threshold[k] = best_threshold(x + first, end - first, n_wanted[k]);
	}
	return 0;
}

static void add_detection(struct eval_counts *c, uint8_t state)
{
	c->n_true += state == EVAL_TRUE;
	c->n_false += state == EVAL_FALSE;
}

void eval_count(struct eval_counts *by_class, struct eval_counts *by_image, const struct eval_outcome *out,
		const double *threshold)
{
	const struct eval_input *in = out->input;
	for (int32_t k = 0; by_class != NULL && k < in->n_categories; k++)
		by_class[k] = (struct eval_counts){ 0 };
	for (int32_t i = 0; by_image != NULL && i < in->n_images; i++)
		by_image[i] = (struct eval_counts){ 0 };
	for (int64_t i = 0; i < in->n_dt; i++) {
		const struct eval_object *d = &in->dt[i];
		/* False also where the threshold is NAN. */
		if (!(d->score >= threshold[d->category]))
			continue;
		if (by_class != NULL)
			add_detection(&by_class[d->category], out->state[i]);
		if (by_image != NULL)
			add_detection(&by_image[d->image], out->state[i]);
	}
	for (int64_t i = 0; i < in->n_gt; i++) {
		const struct eval_object *g = &in->gt[i];
		int64_t d = out->found_by[i];
		bool missed = out->wanted[i] && !(d >= 0 && in->dt[d].score >= threshold[g->category]);
		if (by_class != NULL)
			by_class[g->category].n_missed += missed;
		if (by_image != NULL)
			by_image[g->image].n_missed += missed;
	}
	for (int32_t k = 0; by_class != NULL && k < in->n_categories; k++)
		eval_counts_finish(&by_class[k]);
	for (int32_t i = 0; by_image != NULL && i < in->n_images; i++)
		eval_counts_finish(&by_image[i]);
}
