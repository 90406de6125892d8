#include "eval/eval_kept.h"

#include "eval/eval_group.h"
#include "eval/eval_match.h"
#include "eval/eval_order.h"

#include <omp.h>

static int32_t first_limit(const struct eval_type *type, int rank)
{
	int32_t limit = 0;
	while (limit + 1 < type->n_limits && rank >= type->limits[limit])
		limit++;
	return limit;
}

static void keep_detections(struct eval_kept_class *c, const struct eval_type *type, const struct eval_match *m,
			    const struct eval_order *dt, int32_t k, int r)
{
	for (int64_t i = dt->start[k]; i < dt->start[k + 1]; i++) {
		int64_t d = dt->by_score[i] - dt->start[k];
		if (m->rank[d] < 0 || (m->is_true[r][d] | m->is_false[r][d]) == 0)
			continue;
		c->detection[c->n++] = (struct eval_kept_detection){ .image = dt->grouped[dt->by_score[i]].image,
			.is_true = m->is_true[r][d], .is_false = m->is_false[r][d],
			.limit = first_limit(type, m->rank[d]) };
	}
}

static void keep_wanted(struct eval_kept_class *c, const struct eval_range *range, const struct eval_order *gt, int32_t k)
{
	for (int64_t i = gt->start[k]; i < gt->start[k + 1]; i++) {
		const struct eval_object *g = &gt->grouped[i];
		if (!eval_wanted(g, range))
			continue;
		if (c->n_images == 0 || c->wanted[c->n_images - 1].image != g->image)
			c->wanted[c->n_images++] = (struct eval_kept_wanted){ .image = g->image };
		c->wanted[c->n_images - 1].n++;
	}
}

/* How much room the class needs; the arena is shared by the threads. */
static int make_room(struct eval_kept_class *c, const struct eval_match *m, int64_t n_dt, int64_t n_gt, int r,
		     struct arena *a)
{
	int64_t n = 0;
	for (int64_t d = 0; d < n_dt; d++)
		n += m->rank[d] >= 0 && (m->is_true[r][d] | m->is_false[r][d]) != 0;
#pragma omp critical(eval_kept_room)
	{
		c->detection = arena_calloc(a, (size_t)n, sizeof *c->detection);
		c->wanted = arena_calloc(a, (size_t)n_gt, sizeof *c->wanted);
	}
	return c->detection == NULL || c->wanted == NULL ? -1 : 0;
}

static int keep_category(struct eval_kept *kept, const struct eval_input *in, struct eval_match *m,
			 const struct eval_order *dt, const struct eval_order *gt, int32_t k, struct arena *a)
{
	int64_t n_dt = dt->start[k + 1] - dt->start[k], n_gt = gt->start[k + 1] - gt->start[k];
	eval_match_category(m, in->type, dt, gt, k);
	for (int r = 0; r < in->type->n_ranges; r++) {
		struct eval_kept_class *c = &kept->class[(int64_t)k * in->type->n_ranges + r];
		TRY(make_room(c, m, n_dt, n_gt, r, a));
		keep_detections(c, in->type, m, dt, k, r);
		keep_wanted(c, &in->type->ranges[r], gt, k);
	}
	return 0;
}

int eval_kept_make(struct eval_kept *kept, const struct eval_input *in, struct arena *a)
{
	int threads = in->threads < 1 ? 1 : in->threads;
	struct eval_order dt, gt;
	TRY(eval_order_make(&dt, in->dt, in->n_dt, in->n_images, in->n_categories, true, a));
	TRY(eval_order_make(&gt, in->gt, in->n_gt, in->n_images, in->n_categories, false, a));
	*kept = (struct eval_kept){ .type = in->type, .n_images = in->n_images, .n_categories = in->n_categories,
		.class = arena_calloc(a, (size_t)in->n_categories * (size_t)in->type->n_ranges, sizeof *kept->class) };
	struct eval_match *match = arena_calloc(a, (size_t)threads, sizeof *match);
	if (kept->class == NULL || match == NULL)
		return -1;
	for (int i = 0; i < threads; i++)
		TRY(eval_match_init(&match[i], in->type, &dt, &gt, in->n_categories, a));
	int status = 0;
#pragma omp parallel for schedule(dynamic) num_threads(threads) reduction(min : status)
	for (int32_t k = 0; k < in->n_categories; k++)
		if (keep_category(kept, in, &match[omp_get_thread_num()], &dt, &gt, k, a) != 0)
			status = -1;
	return status == 0 ? 0 : err_set("eval: no memory for the matches");
}
