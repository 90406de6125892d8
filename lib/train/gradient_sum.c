#include "train/gradient_sum.h"

#include <string.h>

int gradient_sum_init(struct gradient_sum *s, struct param_set *params, int64_t most_images)
{
	size_t count = 0;
	*s = (struct gradient_sum){ .params = params };
	arena_init(&s->arena, 1 << 12);
	for (const struct param *p = params->first; p != NULL; p = p->next)
		count += p->trainable ? (size_t)tensor_count(&p->value) : 0;
	while (most_images >> s->n_levels != 0)
		s->n_levels++;
	s->level = arena_calloc(&s->arena, (size_t)s->n_levels, sizeof *s->level);
	for (int i = 0; s->level != NULL && i < s->n_levels; i++)
		if ((s->level[i] = arena_alloc(&s->arena, count * sizeof(float))) == NULL)
			return -1;
	return s->level == NULL ? -1 : 0;
}

static void add(float *restrict y, const float *restrict x, int64_t n)
{
#pragma omp parallel for simd schedule(static)
	for (int64_t i = 0; i < n; i++)
		y[i] += x[i];
}

/* The parameters' gradients += a level. */
static void add_level(struct gradient_sum *s, int level)
{
	const float *from = s->level[level];
	for (struct param *p = s->params->first; p != NULL; p = p->next)
		if (p->trainable) {
			add(p->grad, from, tensor_count(&p->value));
			from += tensor_count(&p->value);
		}
}

static void store_level(struct gradient_sum *s, int level)
{
	float *to = s->level[level];
	for (const struct param *p = s->params->first; p != NULL; p = p->next)
		if (p->trainable) {
			memcpy(to, p->grad, tensor_bytes(&p->value));
			to += tensor_count(&p->value);
		}
}

/* Counting in binary: a branch that is whole joins the one of its size before it. */
void gradient_sum_add(struct gradient_sum *s)
{
	int level = 0;
	for (; s->n_images >> level & 1; level++)
		add_level(s, level);
	store_level(s, level);
	s->n_images++;
}

void gradient_sum_take(struct gradient_sum *s)
{
	int level = 0;
	while (!(s->n_images >> level & 1))
		level++;
	const float *from = s->level[level];
	for (struct param *p = s->params->first; p != NULL; p = p->next)
		if (p->trainable) {
			memcpy(p->grad, from, tensor_bytes(&p->value));
			from += tensor_count(&p->value);
		}
	for (level++; level < s->n_levels; level++)
		if (s->n_images >> level & 1)
			add_level(s, level);
	s->n_images = 0;
}

void gradient_sum_release(struct gradient_sum *s)
{
	arena_release(&s->arena);
}
