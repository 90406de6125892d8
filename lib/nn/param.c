#include "nn/param.h"

#include <string.h>

void param_set_init(struct param_set *set)
{
	*set = (struct param_set){ .version = 1 };
	arena_init(&set->arena, 4 << 20);
}

static struct param *add(struct param_set *set, const char *name, enum dtype dtype, int rank, const int64_t *dim)
{
	struct param *p = arena_calloc(&set->arena, 1, sizeof *p);
	if (p == NULL)
		return NULL;
	p->name = arena_strdup(&set->arena, name);
	if (p->name == NULL || tensor_new(&p->value, &set->arena, dtype, rank, dim) != 0)
		return NULL;
	memset(p->value.data, 0, tensor_bytes(&p->value));
	if (set->last != NULL)
		set->last->next = p;
	else
		set->first = p;
	set->last = p;
	set->n++;
	return p;
}

struct param *param_add(struct param_set *set, const char *name, int rank, const int64_t *dim,
			enum param_role role, struct init_spec init)
{
	struct param *p = add(set, name, DTYPE_F32, rank, dim);
	if (p == NULL)
		return NULL;
	p->role = role;
	p->init = init;
	p->trainable = role != PARAM_BUFFER;
	p->lr_mult = 1;
	return p;
}

void param_set_classes(struct param *p, int outer, int inner)
{
	if (p == NULL)
		return;
	p->class_outer = outer;
	p->class_inner = inner;
}

struct param *param_add_counter(struct param_set *set, const char *name)
{
	struct param *p = add(set, name, DTYPE_I64, 0, NULL);
	if (p != NULL)
		p->role = PARAM_BUFFER;
	return p;
}

struct param *param_find(const struct param_set *set, const char *name)
{
	struct param *p = set->first;
	while (p != NULL && strcmp(p->name, name) != 0)
		p = p->next;
	return p;
}

int param_set_randomise(struct param_set *set, uint64_t seed)
{
	for (struct param *p = set->first; p != NULL; p = p->next)
		if (p->value.dtype == DTYPE_F32)
			TRY(init_fill(&p->value, p->init, p->name, seed));
	set->version++;
	return 0;
}

int param_set_prepare_training(struct param_set *set, bool with_ema)
{
	for (struct param *p = set->first; p != NULL; p = p->next) {
		size_t count = (size_t)tensor_count(&p->value);
		if (p->trainable) {
			p->grad = arena_calloc(&set->arena, count, sizeof *p->grad);
			p->momentum = arena_calloc(&set->arena, count, sizeof *p->momentum);
			if (p->grad == NULL || p->momentum == NULL)
				return -1;
		}
		if (with_ema && p->trainable) {
			p->ema = arena_alloc(&set->arena, count * sizeof *p->ema);
			if (p->ema == NULL)
				return -1;
			memcpy(p->ema, p->value.data, count * sizeof *p->ema);
		}
	}
	return 0;
}

void param_set_begin_step(struct param_set *set)
{
	for (struct param *p = set->first; p != NULL; p = p->next)
		p->has_grad = false;
}

void param_set_finish_gradients(struct param_set *set)
{
	for (struct param *p = set->first; p != NULL; p = p->next)
		if (p->trainable && !p->has_grad)
			memset(p->grad, 0, tensor_bytes(&p->value));
}

int64_t param_set_count(const struct param_set *set)
{
	int64_t count = 0;
	for (const struct param *p = set->first; p != NULL; p = p->next)
		if (p->role != PARAM_BUFFER)
			count += tensor_count(&p->value);
	return count;
}

void param_set_release(struct param_set *set)
{
	for (struct param *p = set->first; p != NULL; p = p->next)
		if (p->cache != NULL && p->cache_free != NULL)
			p->cache_free(p->cache);
	arena_release(&set->arena);
	*set = (struct param_set){ 0 };
}
