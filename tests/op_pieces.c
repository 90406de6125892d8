/*
 * One op on random inputs, or ten steps of the optimiser, for comparison with PyTorch by
 * tests/parity/ops.py:
 *
 *     op_pieces OUT.safetensors group_norm  N H W C  groups relu add
 *     op_pieces OUT.safetensors batch_norm  N H W C  training relu add
 *     op_pieces OUT.safetensors frozen_norm N H W C  relu add
 *     op_pieces OUT.safetensors max_pool    N H W C  kernel stride pad
 *     op_pieces OUT.safetensors upsample_add N H W C  Ht Wt
 *     op_pieces OUT.safetensors relu|add    N H W C
 *     op_pieces OUT.safetensors sgd COUNT momentum weight_decay clip_norm
 *     op_pieces OUT.safetensors nearest LARGEST
 *
 * OUT holds in.I as they were before, after.I as they were after, out.0, dout.0, din.I; for sgd first, grad.T, last;
 * for nearest the sources of all places for every size of output and input up to LARGEST.
 */
#include "base/rng.h"
#include "nn/optimizer.h"
#include "op/batch_norm.h"
#include "op/frozen_norm.h"
#include "op/group_norm.h"
#include "op/max_pool.h"
#include "op/upsample_add.h"
#include "stream/safetensors.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { MAX_ITEMS = 64 };

struct output {
	struct arena arena;
	int n;
	struct safetensors_item item[MAX_ITEMS];
};

/* A copy of t under the name "group.i". */
static int keep(struct output *o, const char *group, int i, const struct tensor *t)
{
	char name[64];
	snprintf(name, sizeof name, "%s.%d", group, i);
	struct safetensors_item *item = &o->item[o->n++];
	item->name = arena_strdup(&o->arena, name);
	TRY(tensor_new(&item->tensor, &o->arena, t->dtype, t->rank, t->dim));
	memcpy(item->tensor.data, t->data, tensor_bytes(t));
	return 0;
}

static int random_tensor(struct tensor *t, struct arena *a, int rank, const int64_t *dim, uint64_t key)
{
	struct rng g = rng_make(key);
	TRY(tensor_new(t, a, DTYPE_F32, rank, dim));
	for (int64_t i = 0; i < tensor_count(t); i++)
		((float *)t->data)[i] = (float)(1.5 * rng_normal(&g) + 0.5);
	return 0;
}

/* The op's param from the numbers after the shape. */
static const void *param_make(const char *op, char **number, struct arena *a)
{
	int v[3];
	for (int i = 0; i < 3; i++)
		v[i] = number[i] == NULL ? 0 : atoi(number[i]);
	struct { struct group_norm_param gn; struct batch_norm_param bn; struct frozen_norm_param fn; struct max_pool_param mp; }
		*p = arena_calloc(a, 1, sizeof *p);
	if (p == NULL)
		return NULL;
	p->gn = (struct group_norm_param){ .groups = v[0], .eps = 1e-5f, .relu = v[1] != 0, .add = v[2] != 0 };
	p->bn = (struct batch_norm_param){ .eps = 1e-5f, .momentum = 0.1f, .relu = v[1] != 0, .add = v[2] != 0 };
	p->fn = (struct frozen_norm_param){ .eps = 1e-5f, .relu = v[0] != 0, .add = v[1] != 0 };
	p->mp = (struct max_pool_param){ .kernel = v[0], .stride = v[1], .pad = v[2] };
	if (strcmp(op, "group_norm") == 0)
		return &p->gn;
	if (strcmp(op, "batch_norm") == 0)
		return &p->bn;
	return strcmp(op, "frozen_norm") == 0 ? (const void *)&p->fn : &p->mp;
}

static int inputs_make(struct op_call *c, const char *op, char **argv, struct arena *a)
{
	int64_t dim[4];
	for (int i = 0; i < 4; i++)
		dim[i] = atoll(argv[3 + i]);
	TRY(random_tensor(&c->in[c->n_in++], a, 4, dim, 0));
	bool group = strcmp(op, "group_norm") == 0, batch = strcmp(op, "batch_norm") == 0;
	int n_channels = group ? 2 : batch || strcmp(op, "frozen_norm") == 0 ? 4 : 0;
	for (int i = 0; i < n_channels; i++)
		TRY(random_tensor(&c->in[c->n_in++], a, 1, &dim[3], 1 + (uint64_t)i));
	for (int64_t j = 0; n_channels == 4 && j < dim[3]; j++) {
		float *var = c->in[4].data;
		var[j] = 0.1f + fabsf(var[j]);
	}
	bool residual = n_channels == 4 && !batch ? atoi(argv[8]) : n_channels > 0 && atoi(argv[9]);
	if (strcmp(op, "upsample_add") == 0)
		return random_tensor(&c->in[c->n_in++], a, 4,
				     (int64_t[]){ dim[0], atoll(argv[7]), atoll(argv[8]), dim[3] }, 9);
	if (residual || strcmp(op, "add") == 0)
		return random_tensor(&c->in[c->n_in++], a, 4, dim, 9);
	return 0;
}

static bool has_gradient(const char *op, int i)
{
	if (strcmp(op, "frozen_norm") == 0)
		return i == 0 || i == 5;
	return strcmp(op, "batch_norm") != 0 || i < 3 || i == 5;
}

static int run_op(struct output *o, char **argv)
{
	struct arena *a = &o->arena, scratch;
	const struct op *op = op_find(argv[2]);
	if (op == NULL)
		return err_set("no op '%s'", argv[2]);
	arena_init(&scratch, 1 << 20);
	struct op_call c = { .param = param_make(op->name, argv + 7, a), .scratch = &scratch };
	c.training = strcmp(op->name, "batch_norm") == 0 && atoi(argv[7]);
	TRY(inputs_make(&c, op->name, argv, a));
	for (int i = 0; i < c.n_in; i++)
		TRY(keep(o, "in", i, &c.in[i]));
	TRY(op->shape(&c));
	TRY(tensor_new(&c.out[0], a, c.out[0].dtype, 4, c.out[0].dim));
	for (int i = 0; i < c.n_saved; i++)
		TRY(tensor_new(&c.saved[i], a, c.saved[i].dtype, c.saved[i].rank, c.saved[i].dim));
	TRY(random_tensor(&c.dout[0], a, 4, c.out[0].dim, 20));
	TRY(op->forward(&c));
	TRY(keep(o, "out", 0, &c.out[0]));
	TRY(keep(o, "dout", 0, &c.dout[0]));
	for (int i = 0; i < c.n_in; i++)
		if (has_gradient(op->name, i))
			TRY(tensor_new(&c.din[i], a, DTYPE_F32, c.in[i].rank, c.in[i].dim));
	TRY(op->backward(&c));
	for (int i = 0; i < c.n_in; i++) {
		TRY(keep(o, "after", i, &c.in[i]));
		if (c.din[i].data != NULL)
			TRY(keep(o, "din", i, &c.din[i]));
	}
	arena_release(&scratch);
	return 0;
}

static int run_sgd(struct output *o, char **argv)
{
	enum { STEPS = 10 };
	int64_t count = atoll(argv[3]);
	struct tensor w, dw, momentum;
	struct optimizer sgd;
	TRY(random_tensor(&w, &o->arena, 1, &count, 1));
	TRY(random_tensor(&dw, &o->arena, 1, &count, 1));
	TRY(random_tensor(&momentum, &o->arena, 1, &count, 1));
	memset(momentum.data, 0, tensor_bytes(&momentum));
	TRY(keep(o, "first", 0, &w));
	struct optimizer_param p = { .momentum = atof(argv[4]), .weight_decay = atof(argv[5]), .clip_norm = atof(argv[6]) };
	struct optimizer_entry entry = { w.data, dw.data, momentum.data, NULL, count, 1, 1 };
	TRY(optimizer_init_entries(&sgd, &p, &entry, 1));
	for (int t = 0; t < STEPS; t++) {
		double norm;
		TRY(random_tensor(&dw, &o->arena, 1, &count, 100 + (uint64_t)t));
		TRY(keep(o, "grad", t, &dw));
		sgd.entries[0].dw = dw.data;
		if (!optimizer_step(&sgd, 0.1 / (1 + t), &norm))
			return err_set("the gradient is not finite");
	}
	optimizer_release(&sgd);
	return keep(o, "last", 0, &w);
}

static int run_nearest(struct output *o, char **argv)
{
	int64_t largest = atoll(argv[3]), n = largest * largest * (largest + 1) / 2, k = 0;
	struct tensor t;
	TRY(tensor_new(&t, &o->arena, DTYPE_I32, 1, &n));
	for (int64_t out = 1; out <= largest; out++)
		for (int64_t in = 1; in <= largest; in++)
			for (int64_t i = 0; i < out; i++)
				((int32_t *)t.data)[k++] = (int32_t)upsample_source(i, in, out);
	return keep(o, "source", 0, &t);
}

int main(int argc, char **argv)
{
	struct output o = { .n = 0 };
	if (argc < 4)
		return tap_skip_all("run by tests/parity/ops.py");
	arena_init(&o.arena, 1 << 20);
	int (*run)(struct output *, char **) = strcmp(argv[2], "sgd") == 0 ? run_sgd :
		strcmp(argv[2], "nearest") == 0 ? run_nearest : run_op;
	if (run(&o, argv) != 0 || safetensors_write(argv[1], o.item, o.n, NULL, 0) != 0) {
		fprintf(stderr, "op_pieces: %s\n", err_get());
		return 1;
	}
	arena_release(&o.arena);
	return 0;
}
