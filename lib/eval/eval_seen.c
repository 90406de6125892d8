#include "eval/eval_seen.h"

#include <string.h>

int eval_seen_init(struct eval_seen *seen, int32_t n_categories, struct arena *a)
{
	*seen = (struct eval_seen){ .n_categories = n_categories,
		.bins = arena_calloc(a, EVAL_SCORE_BINS, sizeof *seen->bins),
		.category = arena_calloc(a, (size_t)n_categories, sizeof *seen->category) };
	return seen->bins != NULL && seen->category != NULL ? 0 : -1;
}

void eval_seen_clear(struct eval_seen *seen)
{
	memset(seen->bins, 0, EVAL_SCORE_BINS * sizeof *seen->bins);
	memset(seen->category, 0, (size_t)seen->n_categories * sizeof *seen->category);
	*seen = (struct eval_seen){ .n_categories = seen->n_categories, .bins = seen->bins, .category = seen->category };
}

static int bin_of(double score)
{
	int bin = (int)((score - EVAL_SCORE_LOWEST) * (EVAL_SCORE_BINS / (1 - EVAL_SCORE_LOWEST)));
	return bin < EVAL_SCORE_BINS ? bin : EVAL_SCORE_BINS - 1;
}

static void add_one(struct eval_seen *seen, const struct eval_object *x)
{
	const double *box = x->box;
	double right = box[0] + box[2], bottom = box[1] + box[3], far = right > bottom ? right : bottom;
	bool first = seen->n++ == 0;
	seen->n_corner_like += box[2] > box[0] && box[3] > box[1];
	seen->farthest = first || far > seen->farthest ? far : seen->farthest;
	seen->low = first || x->score < seen->low ? x->score : seen->low;
	seen->high = first || x->score > seen->high ? x->score : seen->high;
	if (x->score >= EVAL_SCORE_LOWEST && x->score <= 1)
		seen->bins[bin_of(x->score)]++;
	seen->category[seen->n_categories == 1 ? 0 : x->category] = 1;
}

void eval_seen_add(struct eval_seen *seen, const struct eval_object *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		add_one(seen, &x[i]);
}

void eval_seen_off_size(struct eval_seen *seen, int32_t h, int32_t w)
{
	if (seen->n_off_size++ > 0)
		return;
	seen->off_h = h;
	seen->off_w = w;
}

void eval_seen_join(struct eval_seen *seen, const struct eval_seen *more)
{
	if (more->n == 0)
		return;
	bool first = seen->n == 0;
	seen->farthest = first || more->farthest > seen->farthest ? more->farthest : seen->farthest;
	seen->low = first || more->low < seen->low ? more->low : seen->low;
	seen->high = first || more->high > seen->high ? more->high : seen->high;
	seen->n += more->n;
	seen->n_corner_like += more->n_corner_like;
	for (int i = 0; i < EVAL_SCORE_BINS; i++)
		seen->bins[i] += more->bins[i];
	for (int32_t k = 0; k < seen->n_categories; k++)
		seen->category[k] |= more->category[k];
	if (seen->n_off_size == 0) {
		seen->off_h = more->off_h;
		seen->off_w = more->off_w;
	}
	seen->n_off_size += more->n_off_size;
}

int64_t eval_seen_below(const struct eval_seen *seen, double score)
{
	int64_t n = 0;
	for (int i = 0; i < bin_of(score); i++)
		n += seen->bins[i];
	return n;
}
