/*
 * conv2d beyond its case table: what is refused, that the backends agree on sizes where
 * their blocks are cut, repeat their bits, and that a layer's cache holds many shapes and does not grow.
 */
#include "base/rng.h"
#include "op/conv2d.h"
#include "tests/tap.h"

#include <malloc.h>
#include <omp.h>
#include <stdlib.h>

struct layer {
	struct arena memory, scratch;
	struct conv2d_param param;
	struct op_call c;
	void *cache;
};

struct sizes {
	int64_t n, h, w, ci, co, kernel;
	int stride, pad, dilation, groups;
};

static void must(int status)
{
	if (status != 0) {
		printf("Bail out! %s\n", err_get());
		exit(1);
	}
}

static void fill(struct tensor *t, uint64_t key)
{
	struct rng g = rng_make(key);
	for (int64_t i = 0; i < tensor_count(t); i++) {
		float v = (float)rng_normal(&g);
		if (t->dtype == DTYPE_BF16)
			((uint16_t *)t->data)[i] = f32_to_bf16(v);
		else
			((float *)t->data)[i] = v;
	}
}

static void give(struct layer *l, struct tensor *t, uint64_t key)
{
	must(tensor_new(t, &l->memory, t->dtype, t->rank, t->dim));
	fill(t, key);
}

/* False when the backend does not do it. */
static bool layer_open(struct layer *l, const struct sizes *s, enum dtype dtype, enum conv_backend backend)
{
	*l = (struct layer){ .param = { .stride = s->stride, .pad = s->pad, .dilation = s->dilation, .groups = s->groups,
		.n_maps = 1, .has_bias = true, .relu = true, .backend = backend } };
	arena_init(&l->memory, 1 << 20);
	arena_init(&l->scratch, 1 << 20);
	struct op_call *c = &l->c;
	c->param = &l->param;
	c->n_in = 3;
	c->scratch = &l->scratch;
	c->cache = &l->cache;
	c->in[0] = tensor_shape(DTYPE_F32, 4, (int64_t[]){ s->co, s->ci / s->groups, s->kernel, s->kernel });
	c->in[1] = tensor_shape(DTYPE_F32, 1, (int64_t[]){ s->co });
	c->in[2] = tensor_shape(dtype, 4, (int64_t[]){ s->n, s->h, s->w, s->ci });
	for (int i = 0; i < 3; i++) {
		give(l, &c->in[i], (uint64_t)i);
		c->din[i] = c->in[i];
		give(l, &c->din[i], 7);
	}
	if (op_conv2d.shape(c) != 0)
		return false;
	c->dout[0] = c->out[0];
	give(l, &c->out[0], 7);
	give(l, &c->dout[0], 11);
	return true;
}

static void layer_close(struct layer *l)
{
	op_conv2d.cache_free(l->cache);
	arena_release(&l->memory);
	arena_release(&l->scratch);
}

static void step(struct layer *l)
{
	must(op_conv2d.forward(&l->c));
	arena_reset(&l->scratch);
	must(op_conv2d.backward(&l->c));
	arena_reset(&l->scratch);
}

static double value(const struct tensor *t, int64_t i)
{
	return t->dtype == DTYPE_BF16 ? bf16_to_f32(((const uint16_t *)t->data)[i]) : ((const float *)t->data)[i];
}

/* |a - b| / |b| of all elements; NaN when there is one. */
static double distance(const struct tensor *a, const struct tensor *b)
{
	double off = 0, norm = 0;
	for (int64_t i = 0; i < tensor_count(a); i++) {
		double d = value(a, i) - value(b, i);
		off += d * d;
		norm += value(b, i) * value(b, i);
	}
	return sqrt(off / norm);
}

static bool same(const struct tensor *a, const struct tensor *b)
{
	return memcmp(a->data, b->data, tensor_bytes(a)) == 0;
}

static bool same_results(const struct layer *a, const struct layer *b)
{
	bool all = same(&a->c.out[0], &b->c.out[0]);
	for (int i = 0; i < 3; i++)
		all &= same(&a->c.din[i], &b->c.din[i]);
	return all;
}

/* Two backends on one layer; their results agree but for rounding. */
static void check_agree(const char *name, const struct sizes *s, enum dtype dtype, enum conv_backend a, enum conv_backend b)
{
	struct layer first, second;
	if (!layer_open(&first, s, dtype, a)) {
		bool bf16 = dtype == DTYPE_BF16 && strstr(err_get(), "bf16") != NULL;
		ok(bf16, "%s %s%s %s", name, dtype_name((int)dtype), bf16 ? " # SKIP" : "", err_get());
		layer_close(&first);
		return;
	}
	layer_open(&second, s, dtype, b);
	step(&first);
	memcpy(second.c.out[0].data, first.c.out[0].data, tensor_bytes(&first.c.out[0]));
	must(op_conv2d.backward(&second.c));	/* under the same ReLU */
	arena_reset(&second.scratch);
	/* bf16: 2^-9 for each rounding, of inputs of the one and results of both. */
	double top = dtype == DTYPE_BF16 ? 6e-3 : 3e-6;
	for (int i = 0; i < 3; i++)
		ok(distance(&second.c.din[i], &first.c.din[i]) <= top, "%s %s: din %d agrees", name, dtype_name((int)dtype), i);
	must(op_conv2d.forward(&second.c));
	ok(distance(&second.c.out[0], &first.c.out[0]) <= top, "%s %s: out agrees", name, dtype_name((int)dtype));
	layer_close(&first);
	layer_close(&second);
}

static void test_agreement(void)
{
	/* More pixels than a block has rows, more depth than a block has columns, channels of no round number. */
	static const struct { const char *name; struct sizes s; } table[] = {
		{ "1x1 deep", { 2, 9, 15, 1100, 70, 1, 1, 0, 1, 1 } },
		{ "1x1 stride 2", { 2, 35, 27, 64, 96, 1, 2, 0, 1, 1 } },
		{ "3x3", { 1, 33, 29, 130, 100, 3, 1, 1, 1, 1 } },
		{ "3x3 stride 2", { 2, 29, 31, 128, 72, 3, 2, 1, 1, 1 } },
		{ "7x7 stride 2", { 1, 61, 44, 3, 64, 7, 2, 3, 1, 1 } },
		{ "5x5 stride 3 dilation 2", { 1, 40, 41, 24, 40, 5, 3, 4, 2, 1 } },
		{ "3x3 groups", { 1, 30, 20, 96, 64, 3, 1, 1, 1, 4 } },
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		for (int dtype = 0; dtype < 2; dtype++) {
			enum dtype d = dtype == 0 ? DTYPE_F32 : DTYPE_BF16;
			check_agree(table[i].name, &table[i].s, d, CONV_ONEDNN, CONV_OPENBLAS);
			check_agree(table[i].name, &table[i].s, d, CONV_AUTO, CONV_OPENBLAS);
			if (table[i].s.groups == 1)
				check_agree(table[i].name, &table[i].s, d, CONV_GEMM, CONV_OPENBLAS);
		}
	check_agree("3x3 winograd", &table[2].s, DTYPE_F32, CONV_WINOGRAD, CONV_OPENBLAS);
}

static void test_repeat(enum conv_backend backend, const char *name, bool any_threads)
{
	const struct sizes s = { 2, 37, 26, 64, 48, 3, 1, 1, 1, 1 };
	struct layer a, b;
	int threads = omp_get_max_threads();
	layer_open(&a, &s, DTYPE_F32, backend);
	layer_open(&b, &s, DTYPE_F32, backend);
	step(&a);
	step(&b);
	ok(same_results(&a, &b), "%s: another layer of the same values has the same bits", name);
	step(&b);
	ok(same_results(&a, &b), "%s: again", name);
	for (int t = 1; any_threads && t <= 3; t++) {
		omp_set_num_threads(t);
		step(&b);
		ok(same_results(&a, &b), "%s: the same bits with %d threads", name, t);
	}
	omp_set_num_threads(threads);
	layer_close(&a);
	layer_close(&b);
}

static void test_auto(void)
{
	const struct sizes winograd = { 2, 32, 32, 64, 64, 3, 1, 1, 1, 1 }, direct = { 1, 16, 16, 32, 32, 3, 2, 1, 1, 1 };
	struct layer a, b;
	layer_open(&a, &winograd, DTYPE_F32, CONV_AUTO);
	layer_open(&b, &winograd, DTYPE_F32, CONV_WINOGRAD);
	step(&a);
	step(&b);
	ok(same_results(&a, &b), "auto is winograd for a wide 3x3");
	layer_close(&a);
	layer_close(&b);
	layer_open(&a, &direct, DTYPE_F32, CONV_AUTO);
	layer_open(&b, &direct, DTYPE_F32, CONV_ONEDNN);
	step(&a);
	step(&b);
	ok(same_results(&a, &b), "auto is oneDNN for a stride of 2");
	layer_close(&a);
	layer_close(&b);
}

/* More shapes than a layer keeps plans for; the heap in use stays where it was after the first round. */
static void test_many_shapes(void)
{
	enum { SHAPES = 40, ROUNDS = 3 };
	const struct sizes s = { 1, 8, 50, 8, 8, 3, 2, 1, 1, 1 };
	struct layer l;
	size_t used[ROUNDS];
	int wrong = 0;
	layer_open(&l, &s, DTYPE_F32, CONV_ONEDNN);
	void *first = NULL;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < SHAPES; i++) {
			struct op_call plain = l.c;
			l.c.in[2].dim[2] = l.c.din[2].dim[2] = 10 + i;
			must(op_conv2d.shape(&l.c));
			l.c.out[0].data = plain.out[0].data;
			l.c.dout[0] = l.c.out[0];
			l.c.dout[0].data = plain.dout[0].data;
			step(&l);
			if (i == 0 && round == 0) {
				first = arena_alloc(&l.memory, tensor_bytes(&l.c.out[0]));
				memcpy(first, l.c.out[0].data, tensor_bytes(&l.c.out[0]));
			} else if (i == 0) {
				wrong += memcmp(first, l.c.out[0].data, tensor_bytes(&l.c.out[0])) != 0;
			}
		}
		used[round] = mallinfo2().uordblks;
	}
	is_int(wrong, 0, "a shape whose plan made room for others gives the same bits later");
	if (!ok(used[2] <= used[1] + 65536, "many shapes in turn do not grow the heap"))
		printf("# %zu, %zu, %zu bytes in use after each round\n", used[0], used[1], used[2]);
	layer_close(&l);
}

static void refused(struct layer *l, const char *part, const char *name)
{
	bool failed = op_conv2d.shape(&l->c) != 0;
	if (!ok(failed && strstr(err_get(), part) != NULL, "refused: %s", name))
		printf("# message: %s\n", failed ? err_get() : "none");
}

static void test_errors(void)
{
	const struct sizes s = { 1, 8, 8, 8, 16, 3, 1, 1, 1, 1 };
	struct layer l;
	layer_open(&l, &s, DTYPE_F32, CONV_AUTO);
	const struct conv2d_param good = l.param;
	const struct op_call good_call = l.c;
	l.param.stride = 0;
	refused(&l, "stride 0", "a stride of 0");
	l.param = good;
	l.param.groups = 3;
	refused(&l, "3 groups", "groups that do not divide the channels");
	l.param = good;
	l.param.n_maps = 2;
	refused(&l, "2 maps and 3 inputs", "a map that is missing");
	l.param = good;
	l.param.backend = CONV_WINOGRAD;
	l.param.stride = 2;
	refused(&l, "winograd cannot", "winograd with a stride");
	l.param = good;
	l.c.in[2].dim[3] = 7;
	refused(&l, "channels", "channels that do not fit the weight");
	l.c = good_call;
	l.c.in[2].dim[1] = 8, l.c.in[2].dim[2] = 0;
	refused(&l, "too small", "a map without pixels");
	l.c = good_call;
	l.param.stride = 2, l.param.pad = 0;
	l.c.in[2].dim[2] = 2;
	refused(&l, "too small", "a map a pixel narrower than the kernel");
	l.param = good;
	l.c = good_call;
	l.c.in[1].dim[0] = 15;
	refused(&l, "bias [15]; want f32 [16]", "a bias of another length");
	l.c = good_call;
	l.c.in[2].dtype = DTYPE_U8;
	refused(&l, "u8", "a map of bytes");
	l.c = good_call;
	is_int(conv_backend_find("winograd"), CONV_WINOGRAD, "a backend by its name");
	ok(conv_backend_find("mkl") == -1 && strstr(err_get(), "'mkl'") != NULL, "an unknown backend is named");
	layer_close(&l);
}

int main(void)
{
	test_errors();
	test_agreement();
	test_auto();
	test_repeat(CONV_ONEDNN, "onednn", false);
	test_repeat(CONV_OPENBLAS, "openblas", true);
	test_repeat(CONV_WINOGRAD, "winograd", true);
	test_repeat(CONV_GEMM, "gemm", true);
	test_many_shapes();
	return tap_done();
}
