#include "eval/eval_match.h"

#include <string.h>

/* The objects of one class in one image. */
struct group {
	const struct eval_object *dt, *gt;
	int64_t n_dt, n_gt;
	int64_t first;	/* position of dt[0] among the detections of its class */
};

static int64_t same_image(const struct eval_object *x, int64_t n)
{
	int64_t count = 0;
	while (count < n && x[count].image == x[0].image)
		count++;
	return count;
}

/* Walks the groups of a class in ascending order of image; both sides are sorted that way. */
struct walk {
	const struct eval_object *dt, *gt;
	int64_t n_dt, n_gt;	/* left */
	int64_t first;
};

static struct walk walk_category(const struct eval_order *dt, const struct eval_order *gt, int32_t k)
{
	return (struct walk){ .dt = dt->grouped + dt->start[k], .n_dt = dt->start[k + 1] - dt->start[k],
		.gt = gt->grouped + gt->start[k], .n_gt = gt->start[k + 1] - gt->start[k] };
}

static bool walk_next(struct walk *w, struct group *g)
{
	if (w->n_dt == 0 && w->n_gt == 0)
		return false;
	bool with_dt = w->n_dt > 0 && (w->n_gt == 0 || w->dt->image <= w->gt->image);
	bool with_gt = w->n_gt > 0 && (w->n_dt == 0 || w->gt->image <= w->dt->image);
	*g = (struct group){ .dt = w->dt, .gt = w->gt, .first = w->first };
	if (with_dt)
		g->n_dt = same_image(w->dt, w->n_dt);
	if (with_gt)
		g->n_gt = same_image(w->gt, w->n_gt);
	w->dt += g->n_dt;
	w->n_dt -= g->n_dt;
	w->first += g->n_dt;
	w->gt += g->n_gt;
	w->n_gt -= g->n_gt;
	return true;
}

static int64_t at_most(int64_t n, int64_t limit)
{
	return n < limit ? n : limit;
}

int eval_match_init(struct eval_match *m, const struct eval_type *type, const struct eval_order *dt,
		    const struct eval_order *gt, int32_t n_categories, struct arena *a)
{
	int64_t most_dt = 0, most_gt = 0, most_pairs = 0;
	int64_t limit = type->limits[type->n_limits - 1];
	for (int32_t k = 0; k < n_categories; k++) {
		struct walk w = walk_category(dt, gt, k);
		struct group g;
		if (w.n_dt > most_dt)
			most_dt = w.n_dt;
		while (walk_next(&w, &g)) {
			int64_t pairs = at_most(g.n_dt, limit) * g.n_gt;
			if (g.n_gt > most_gt)
				most_gt = g.n_gt;
			if (pairs > most_pairs)
				most_pairs = pairs;
		}
	}
	*m = (struct eval_match){ .overlap = arena_calloc(a, (size_t)most_pairs, sizeof *m->overlap),
		.candidate = arena_calloc(a, (size_t)most_gt, sizeof *m->candidate),
		.taken = arena_calloc(a, (size_t)most_gt, sizeof *m->taken),
		.rank = arena_calloc(a, (size_t)most_dt, sizeof *m->rank) };
	if (m->overlap == NULL || m->candidate == NULL || m->taken == NULL || m->rank == NULL)
		return -1;
	for (int r = 0; r < type->n_ranges; r++) {
		m->is_true[r] = arena_calloc(a, (size_t)most_dt, sizeof *m->is_true[r]);
		m->is_false[r] = arena_calloc(a, (size_t)most_dt, sizeof *m->is_false[r]);
		if (m->is_true[r] == NULL || m->is_false[r] == NULL)
			return -1;
	}
	return 0;
}

static bool outside(double area, const struct eval_range *range)
{
	return area < range->low || area > range->high;
}

/* Put the annotations that count first; returns their number. */
static int64_t order_candidates(int64_t *candidate, const struct group *g, const struct eval_range *range)
{
	int64_t n_counting = 0;
	for (int64_t i = 0; i < g->n_gt; i++)
		if (!g->gt[i].crowd && !g->gt[i].ignore && !outside(g->gt[i].area, range))
			candidate[n_counting++] = i;
	int64_t n = n_counting;
	for (int64_t i = 0; i < g->n_gt; i++)
		if (g->gt[i].crowd || g->gt[i].ignore || outside(g->gt[i].area, range))
			candidate[n++] = i;
	return n_counting;
}

/*
 * The candidate that detection d matches at threshold t, or -1. The later of two equal ones wins, and
 * one that does not count is looked at only when none that counts fits.
 */
static int64_t find_match(const struct eval_match *m, const struct group *g, int64_t n_counting, int64_t d, int t)
{
	double best = eval_threshold(t);
	int64_t found = -1;
	for (int64_t c = 0; c < g->n_gt; c++) {
		int64_t i = m->candidate[c];
		if ((m->taken[i] >> t & 1) != 0 && !g->gt[i].crowd)
			continue;
		if (found >= 0 && found < n_counting && c >= n_counting)
			break;
		if (m->overlap[d * g->n_gt + i] < best)
			continue;
		best = m->overlap[d * g->n_gt + i];
		found = c;
	}
	return found;
}

static void match_range(struct eval_match *m, const struct group *g, int64_t n_dt, const struct eval_range *range, int r)
{
	uint16_t *is_true = m->is_true[r] + g->first, *is_false = m->is_false[r] + g->first;
	int64_t n_counting = order_candidates(m->candidate, g, range);
	m->n_wanted[r] += n_counting;
	memset(m->taken, 0, (size_t)g->n_gt * sizeof *m->taken);
	memset(is_true, 0, (size_t)g->n_dt * sizeof *is_true);
	memset(is_false, 0, (size_t)g->n_dt * sizeof *is_false);
	for (int64_t d = 0; d < n_dt; d++) {
		bool off_range = g->dt[d].ignore || outside(g->dt[d].area, range);
		for (int t = 0; t < EVAL_THRESHOLDS; t++) {
			uint16_t bit = (uint16_t)(1 << t);
			int64_t c = find_match(m, g, n_counting, d, t);
			bool counts = c < n_counting, matched = false;
			if (c >= 0) {
				m->taken[m->candidate[c]] |= bit;
				matched = !g->gt[m->candidate[c]].id_is_zero;
			}
			if (matched && counts)
				is_true[d] |= bit;
			if (!matched && counts && !off_range)
				is_false[d] |= bit;
		}
	}
}

void eval_match_category(struct eval_match *m, const struct eval_type *type, const struct eval_order *dt,
			 const struct eval_order *gt, int32_t category)
{
	struct walk w = walk_category(dt, gt, category);
	struct group g;
	memset(m->n_wanted, 0, sizeof m->n_wanted);
	while (walk_next(&w, &g)) {
		int64_t n_dt = at_most(g.n_dt, type->limits[type->n_limits - 1]);
		for (int64_t d = 0; d < g.n_dt; d++)
			m->rank[g.first + d] = (int16_t)(d < n_dt ? d : -1);
		type->overlap(m->overlap, g.dt, n_dt, g.gt, g.n_gt);
		for (int r = 0; r < type->n_ranges; r++)
			match_range(m, &g, n_dt, &type->ranges[r], r);
	}
}
