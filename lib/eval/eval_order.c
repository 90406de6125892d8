#include "eval/eval_order.h"

#include <string.h>

enum { DIGIT_BITS = 16, DIGITS = 1 << DIGIT_BITS };

/* Unsigned numbers that ascend as the scores descend; 0 and -0 are the same score. */
static uint64_t descending_key(double score)
{
	union { double d; uint64_t u; } v = { .d = score == 0 ? 0 : score };
	uint64_t ascending = v.u >> 63 ? ~v.u : v.u | (uint64_t)1 << 63;
	return ~ascending;
}

/* out = in, stably sorted by key[in[i]] in [0, n_keys); count is scratch [n_keys + 1]. */
static void counting_sort(int64_t *out, const int64_t *in, int64_t n, const int32_t *key, int64_t n_keys, int64_t *count)
{
	memset(count, 0, (size_t)(n_keys + 1) * sizeof *count);
	for (int64_t i = 0; i < n; i++)
		count[key[in[i]] + 1]++;
	for (int64_t k = 0; k < n_keys; k++)
		count[k + 1] += count[k];
	for (int64_t i = 0; i < n; i++)
		out[count[key[in[i]]]++] = in[i];
}

struct sorter {
	int64_t n;
	int64_t *order, *spare;	/* [n] */
	int32_t *key;	/* [n] by original index */
	int64_t *count;	/* [max(DIGITS, images, categories) + 1] */
};

static void sort_by(struct sorter *s, int64_t n_keys)
{
	counting_sort(s->spare, s->order, s->n, s->key, n_keys, s->count);
	int64_t *sorted = s->spare;
	s->spare = s->order;
	s->order = sorted;
}

static void sort_by_image(struct sorter *s, const struct eval_object *x, int32_t n_images)
{
	for (int64_t i = 0; i < s->n; i++)
		s->key[i] = x[i].image;
	sort_by(s, n_images);
}

static void sort_by_category(struct sorter *s, const struct eval_object *x, int32_t n_categories)
{
	for (int64_t i = 0; i < s->n; i++)
		s->key[i] = x[i].category;
	sort_by(s, n_categories);
}

static void sort_by_score(struct sorter *s, const struct eval_object *x)
{
	for (int shift = 0; shift < 64; shift += DIGIT_BITS) {
		bool all_same = true;
		for (int64_t i = 0; i < s->n; i++) {
			s->key[i] = (int32_t)(descending_key(x[i].score) >> shift & (DIGITS - 1));
			all_same &= s->key[i] == s->key[0];
		}
		if (!all_same)
			sort_by(s, DIGITS);
	}
}

/* by_score holds original indices; make them positions in the grouped order. */
static void renumber(int64_t *by_score, const int64_t *group_order, int64_t n, int64_t *position)
{
	for (int64_t i = 0; i < n; i++)
		position[group_order[i]] = i;
	for (int64_t i = 0; i < n; i++)
		by_score[i] = position[by_score[i]];
}

int eval_order_make(struct eval_order *order, const struct eval_object *x, int64_t n, int32_t n_images,
		    int32_t n_categories, bool want_by_score, struct arena *a)
{
	int64_t n_count = DIGITS;
	if (n_count < n_images)
		n_count = n_images;
	if (n_count < n_categories)
		n_count = n_categories;
	struct sorter s = { .n = n };
	s.order = arena_calloc(a, (size_t)n, sizeof *s.order);
	s.spare = arena_calloc(a, (size_t)n, sizeof *s.spare);
	s.key = arena_calloc(a, (size_t)n, sizeof *s.key);
	s.count = arena_calloc(a, (size_t)n_count + 1, sizeof *s.count);
	*order = (struct eval_order){ .grouped = arena_calloc(a, (size_t)n, sizeof *order->grouped),
		.start = arena_calloc(a, (size_t)n_categories + 1, sizeof *order->start) };
	if (want_by_score)
		order->by_score = arena_calloc(a, (size_t)n, sizeof *order->by_score);
	if (s.order == NULL || s.spare == NULL || s.key == NULL || s.count == NULL || order->grouped == NULL ||
	    order->start == NULL || (want_by_score && order->by_score == NULL))
		return -1;

	for (int64_t i = 0; i < n; i++)
		s.order[i] = i;
	sort_by_image(&s, x, n_images);
	sort_by_score(&s, x);
	if (want_by_score) {
		sort_by_category(&s, x, n_categories);
		memcpy(order->by_score, s.order, (size_t)n * sizeof *s.order);
	}
	sort_by_image(&s, x, n_images);
	sort_by_category(&s, x, n_categories);
	for (int64_t i = 0; i < n; i++) {
		order->grouped[i] = x[s.order[i]];
		order->start[x[s.order[i]].category + 1]++;
	}
	for (int32_t k = 0; k < n_categories; k++)
		order->start[k + 1] += order->start[k];
	if (want_by_score)
		renumber(order->by_score, s.order, n, s.spare);
	return 0;
}
