#include "nn/optimizer.h"

#include "nn/sgd.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 1 << 14 };

/* n <= BLOCK weights of one entry. */
struct optimizer_block {
	int entry;
	int64_t from;
	int64_t n;
	double square_sum;	/* of its gradients, in the step under way */
};

/* Blocks are cut by the sizes alone, so that sums over them have one order. */
static int make_blocks(struct optimizer *o)
{
	o->n_blocks = 0;
	for (int i = 0; i < o->n_entries; i++)
		o->n_blocks += (o->entries[i].n + BLOCK - 1) / BLOCK;
	o->blocks = arena_alloc(&o->arena, (size_t)o->n_blocks * sizeof *o->blocks);
	if (o->blocks == NULL)
		return -1;
	struct optimizer_block *b = o->blocks;
	for (int i = 0; i < o->n_entries; i++)
		for (int64_t from = 0; from < o->entries[i].n; from += BLOCK) {
			int64_t left = o->entries[i].n - from;
			*b++ = (struct optimizer_block){ .entry = i, .from = from, .n = left < BLOCK ? left : BLOCK };
		}
	return 0;
}

int optimizer_init_entries(struct optimizer *o, const struct optimizer_param *p, const struct optimizer_entry *entries,
			   int n)
{
	*o = (struct optimizer){ .param = *p, .n_entries = n };
	arena_init(&o->arena, 1 << 16);
	o->entries = arena_alloc(&o->arena, (size_t)n * sizeof *o->entries + 1);
	if (o->entries == NULL)
		return -1;
	memcpy(o->entries, entries, (size_t)n * sizeof *o->entries);
	return make_blocks(o);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

int optimizer_rule_find(const char *name)
{
	static const char *const names[] = { "torch", "detectron", "tpu" };
	for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return err_set("no solver '%s': torch, detectron or tpu", name);
}

static struct optimizer_entry entry_of(const struct param *p, enum optimizer_rule rule)
{
	/* The shift of a norm is a bias by name, a parameter of a norm by role. */
	bool bias = p->role == PARAM_BIAS || ends_with(p->name, ".bias");
	return (struct optimizer_entry){
		.w = p->value.data, .dw = p->grad, .momentum = p->momentum, .ema = p->ema,
		.n = tensor_count(&p->value),
		.lr_mult = p->lr_mult * (rule == OPTIMIZER_DETECTRON && bias ? 2 : 1),
		.decay_mult = rule != OPTIMIZER_TORCH && p->role != PARAM_WEIGHT ? 0 : 1,
	};
}

int optimizer_init(struct optimizer *o, const struct optimizer_param *p, struct param_set *set)
{
	*o = (struct optimizer){ .param = *p, .version = &set->version };
	arena_init(&o->arena, 1 << 16);
	o->entries = arena_alloc(&o->arena, (size_t)set->n * sizeof *o->entries + 1);
	if (o->entries == NULL)
		return -1;
	for (const struct param *q = set->first; q != NULL; q = q->next)
		if (q->trainable)
			o->entries[o->n_entries++] = entry_of(q, p->rule);
	return make_blocks(o);
}

static double gradient_norm(struct optimizer *o)
{
#pragma omp parallel for schedule(static)
	for (int64_t i = 0; i < o->n_blocks; i++) {
		struct optimizer_block *b = &o->blocks[i];
		b->square_sum = ISA_PICK(sgd_square_sum)(o->entries[b->entry].dw + b->from, b->n);
	}
	double sum = 0;
	for (int64_t i = 0; i < o->n_blocks; i++)
		sum += o->blocks[i].square_sum;
	return sqrt(sum);
}

bool optimizer_step(struct optimizer *o, double lr, double *grad_norm)
{
	const struct optimizer_param *p = &o->param;
	*grad_norm = gradient_norm(o);
	if (!isfinite(*grad_norm))
		return false;
	double clip = p->clip_norm > 0 ? fmin(1, p->clip_norm / (*grad_norm + 1e-6)) : 1;
#pragma omp parallel for schedule(static)
	for (int64_t i = 0; i < o->n_blocks; i++) {
		const struct optimizer_block *b = &o->blocks[i];
		const struct optimizer_entry *e = &o->entries[b->entry];
		struct sgd_factors f = {
			.gradient = (float)clip, .momentum = (float)p->momentum, .ema_decay = (float)p->ema_decay,
			.decay = (float)(p->weight_decay * e->decay_mult), .lr = (float)(lr * e->lr_mult),
		};
		ISA_PICK(sgd_update)(e->w + b->from, e->momentum + b->from, e->ema == NULL ? NULL : e->ema + b->from,
				     e->dw + b->from, b->n, &f);
	}
	if (o->version != NULL)
		++*o->version;
	return true;
}

void optimizer_release(struct optimizer *o)
{
	arena_release(&o->arena);
	*o = (struct optimizer){ 0 };
}
