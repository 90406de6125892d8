#include "eval/eval_assign.h"

#include <stdlib.h>
#include <string.h>

/* What a sort by category and score moves instead of whole objects. */
struct sort_item {
	uint64_t score;	/* eval_descending() */
	int32_t category;
	int32_t index;
};

static bool item_before(const struct sort_item *a, const struct sort_item *b)
{
	if (a->category != b->category)
		return a->category < b->category;
	return a->score != b->score ? a->score < b->score : a->index < b->index;
}

/* Runs of a few are sorted by insertion, then merged pairwise. The result is in one of the two arrays. */
static struct sort_item *sort_items(struct sort_item *x, struct sort_item *spare, int64_t n)
{
	enum { RUN = 8 };
	for (int64_t i = 0; i < n; i++) {
		struct sort_item one = x[i];
		int64_t j = i, first = i / RUN * RUN;
		for (; j > first && item_before(&one, &x[j - 1]); j--)
			x[j] = x[j - 1];
		x[j] = one;
	}
	for (int64_t run = RUN; run < n; run *= 2) {
		for (int64_t first = 0; first < n; first += 2 * run) {
			int64_t middle = first + run < n ? first + run : n, last = first + 2 * run < n ? first + 2 * run : n;
			for (int64_t i = first, j = middle, k = first; k < last; k++)
				spare[k] = j == last || (i < middle && item_before(&x[i], &x[j])) ? x[i++] : x[j++];
		}
		struct sort_item *sorted = spare;
		spare = x;
		x = sorted;
	}
	return x;
}

struct eval_object *eval_assign_sorted(const struct eval_object *dt, int64_t n, struct arena *a)
{
	struct eval_object *sorted = arena_alloc(a, (size_t)n * sizeof *sorted);
	struct sort_item *item = arena_alloc(a, (size_t)n * sizeof *item), *spare = arena_alloc(a, (size_t)n * sizeof *spare);
	if (sorted == NULL || item == NULL || spare == NULL)
		return NULL;
	for (int64_t i = 0; i < n; i++)
		item[i] = (struct sort_item){ eval_descending(dt[i].score), dt[i].category, (int32_t)i };
	item = sort_items(item, spare, n);
	for (int64_t i = 0; i < n; i++)
		sorted[i] = dt[item[i].index];
	return sorted;
}

static int compare_numbers(double a, double b)
{
	return (a > b) - (a < b);
}

int eval_compare_content(const struct eval_type *type, const struct eval_object *x, const struct eval_object *y)
{
	for (int i = 0; i < 4; i++)
		if (x->box[i] != y->box[i])
			return compare_numbers(x->box[i], y->box[i]);
	if (x->area != y->area)
		return compare_numbers(x->area, y->area);
	int flags_x = x->crowd << 2 | x->ignore << 1 | x->id_is_zero;
	int flags_y = y->crowd << 2 | y->ignore << 1 | y->id_is_zero;
	if (flags_x != flags_y || type->compare == NULL)
		return flags_x - flags_y;
	return type->compare(x, y);
}

static int compare_content(const void *a, const void *b, void *context)
{
	return eval_compare_content(*(const struct eval_type **)context, a, b);
}

void eval_assign_sort_content(const struct eval_type *type, struct eval_object *gt, int64_t n)
{
	qsort_r(gt, (size_t)n, sizeof *gt, compare_content, &type);
}

bool eval_assign_reorder(const struct eval_type *type, struct eval_object *dt, int64_t n)
{
	bool changes = false;
	for (int64_t first = 0, next; first < n; first = next) {
		bool ascending = true;
		for (next = first + 1; next < n && dt[next].score == dt[first].score; next++)
			ascending &= eval_compare_content(type, &dt[next - 1], &dt[next]) <= 0;
		if (!ascending)
			eval_assign_sort_content(type, dt + first, next - first);
		changes |= !ascending;
	}
	return changes;
}

/* An annotation that a detection may fit. */
struct near {
	int64_t gt;
	double overlap;
};

struct assignment {
	const struct eval_object *gt;
	bool *counts[EVAL_MAX_RANGES];	/* [n_gt] has to be found */
	uint16_t *taken[EVAL_MAX_RANGES];	/* [n_gt] bit t: matched at threshold t */
	bool tie;
};

/*
 * The annotation that a detection matches at a threshold, or -1, among those near it. The later of two equal ones wins, and
 * one that does not count is looked at only when none that counts fits.
 */
static int64_t find_match(struct assignment *s, const struct near *near, int64_t n_near, int r, int t)
{
	int64_t found = -1;
	double best = eval_threshold(t);
	for (int counting = 1; counting >= 0 && found < 0; counting--)
		for (int64_t i = 0; i < n_near; i++) {
			int64_t g = near[i].gt;
			if (s->counts[r][g] != counting || ((s->taken[r][g] >> t & 1) != 0 && !s->gt[g].crowd))
				continue;
			if (near[i].overlap < best)
				continue;
			s->tie |= found >= 0 && !(near[i].overlap > best);
			best = near[i].overlap;
			found = g;
		}
	return found;
}

static void match_near(struct assignment *s, unsigned *is_right, unsigned *is_wrong, const struct near *near, int64_t n_near,
		       bool off_range, int r)
{
	for (int t = 0; t < EVAL_THRESHOLDS; t++) {
		unsigned bit = 1U << t;
		int64_t g = find_match(s, near, n_near, r, t);
		bool counts = g < 0 || s->counts[r][g], matched = false;
		if (g >= 0) {
			s->taken[r][g] |= (uint16_t)bit;
			matched = !s->gt[g].id_is_zero;
		}
		if (matched && counts)
			*is_right |= bit;
		if (!matched && counts && !off_range)
			*is_wrong |= bit;
	}
}

static int prepare(struct assignment *s, const struct eval_type *type, const struct eval_object *gt, int64_t n_gt, struct arena *a)
{
	*s = (struct assignment){ .gt = gt };
	for (int r = 0; r < type->n_ranges; r++) {
		s->counts[r] = arena_alloc(a, (size_t)n_gt * sizeof *s->counts[r]);
		s->taken[r] = arena_calloc(a, (size_t)n_gt, sizeof *s->taken[r]);
		if (s->counts[r] == NULL || s->taken[r] == NULL)
			return -1;
		for (int64_t g = 0; g < n_gt; g++)
			s->counts[r][g] = eval_wanted(&gt[g], &type->ranges[r]);
	}
	return 0;
}

/* The annotations that are near enough for the lowest threshold; also those whose overlap is not a number, as the reference. */
static int64_t list_near(struct near *near, const double *overlap, int64_t n_gt)
{
	int64_t n = 0;
	for (int64_t g = 0; g < n_gt; g++)
		if (!(overlap[g] < eval_threshold(0)))
			near[n++] = (struct near){ g, overlap[g] };
	return n;
}

int eval_assign(struct eval_outcomes *outcomes, const struct eval_type *type, const struct eval_object *dt, int64_t n_dt,
		const struct eval_object *gt, int64_t n_gt, struct arena *a)
{
	struct assignment s = { 0 };
	double *overlap = NULL;
	struct near *near = NULL;
	*outcomes = (struct eval_outcomes){ .at = arena_calloc(a, (size_t)n_dt, sizeof *outcomes->at) };
	if (n_gt > 0) {
		TRY(prepare(&s, type, gt, n_gt, a));
		near = arena_alloc(a, (size_t)n_gt * sizeof *near);
		overlap = arena_calloc(a, (size_t)n_dt * (size_t)n_gt, sizeof *overlap);
		if (near == NULL || overlap == NULL)
			return -1;
		type->overlap(overlap, dt, n_dt, gt, n_gt);
	}
	if (outcomes->at == NULL)
		return -1;
	for (int64_t d = 0; d < n_dt; d++) {
		int64_t n_near = n_gt == 0 ? 0 : list_near(near, overlap + d * n_gt, n_gt);
		struct eval_record r = { 0 };
		for (int i = 0; i < type->n_ranges; i++) {
			bool off_range = dt[d].ignore || eval_outside(dt[d].area, &type->ranges[i]);
			unsigned is_right = 0, is_wrong = off_range || n_near > 0 ? 0 : (1U << EVAL_THRESHOLDS) - 1;
			if (n_near > 0)
				match_near(&s, &is_right, &is_wrong, near, n_near, off_range, i);
			eval_record_put(&r, i, is_right, is_wrong);
		}
		memcpy(outcomes->at[d], r.outcome, sizeof r.outcome);
	}
	outcomes->tie = s.tie;
	return 0;
}
