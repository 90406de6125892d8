#include "coco/corrupt.h"

#include "base/rng.h"

#include <string.h>

/* The label, or a wrong one. */
static int64_t draw_label(uint64_t key, int64_t label, int n_categories, double rate)
{
	struct rng g = rng_make(key);
	double u = rng_uniform(&g);
	int64_t step = 1 + (int64_t)rng_below(&g, (uint64_t)n_categories - 1);
	return u < rate ? (label + step) % n_categories : label;
}

int corrupt_labels(int64_t *n, struct sample *s, int n_categories, const struct corrupt_options *o, struct arena *a)
{
	uint64_t key = rng_mix_text(rng_mix_text(o->seed, "corrupt-labels"), s->source);
	*n = 0;
	key = s->id.text != NULL ? rng_mix_text(key, s->id.text) : rng_mix(key, (uint64_t)s->id.number);
	if (s->class_label >= 0) {
		if (s->original_class_label < 0)
			s->original_class_label = s->class_label;
		int64_t label = draw_label(rng_mix_text(key, "image"), s->class_label, n_categories, o->rate);
		*n += label != s->class_label;
		s->class_label = label;
	}
	if (s->n == 0)
		return 0;
	int32_t *labels = arena_alloc(a, (size_t)s->n * sizeof *labels);
	if (labels == NULL)
		return -1;
	for (int64_t i = 0; i < s->n; i++) {
		uint64_t object = rng_mix(rng_mix_text(key, "object"), (uint64_t)(s->object_id != NULL ? s->object_id[i] : i));
		labels[i] = (int32_t)draw_label(object, s->labels[i], n_categories, o->rate);
		*n += labels[i] != s->labels[i];
	}
	const int32_t *before = s->labels;
	s->labels = labels;
	if (s->original_labels == NULL) {
		s->original_labels = before;
		return 0;
	}
	/* What was wrong already stays known. */
	int32_t *original = arena_alloc(a, (size_t)s->n * sizeof *original);
	if (original == NULL)
		return -1;
	for (int64_t i = 0; i < s->n; i++)
		original[i] = s->original_labels[i] >= 0 ? s->original_labels[i] : before[i];
	s->original_labels = original;
	return 0;
}
