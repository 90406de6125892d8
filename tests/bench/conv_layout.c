/*
 * The convolutions of RetinaNet R50-FPN at 2 x 512 x 512, forward, backward data and backward weights:
 *
 *     conv_layout [f32|bf16] [blocked|nhwc|auto|onednn|openblas|winograd] [REPEATS]
 *
 * "blocked" and "nhwc" time the library's primitives alone, every map in the layout that the library likes best
 * or in channels-last; the others time op_conv2d with that backend, all of it. Prints milliseconds
 * by kind of layer and pass, the best of REPEATS for each layer, and GFLOP/s counted for direct convolution.
 * On a busy machine OMP_NUM_THREADS=1 is comparable: the thread's own time is then taken. EACH=1 prints every layer.
 */
#include "op/conv2d.h"

#include <dnnl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAPS = 5, PASSES = 3 };
enum kind { STEM, ONE_BY_ONE, ONE_BY_ONE_STRIDED, THREE_BY_THREE, THREE_BY_THREE_STRIDED, HEAD, KINDS };

static const char *const kind_names[KINDS] = { "7x7/2 stem", "1x1", "1x1/2", "3x3", "3x3/2", "3x3 heads" };

struct layer {
	enum kind kind;
	int count;	/* how many of these the network has */
	int ci, co, kernel, stride, n_maps;
	int size[MAPS];	/* height = width of each input */
};

static const struct layer layers[] = {
	{ STEM, 1, 3, 64, 7, 2, 1, { 512 } },
	{ ONE_BY_ONE, 1, 64, 64, 1, 1, 1, { 128 } },
	{ ONE_BY_ONE, 4, 64, 256, 1, 1, 1, { 128 } },
	{ ONE_BY_ONE, 2, 256, 64, 1, 1, 1, { 128 } },
	{ THREE_BY_THREE, 3, 64, 64, 3, 1, 1, { 128 } },
	{ ONE_BY_ONE, 1, 256, 128, 1, 1, 1, { 128 } },
	{ THREE_BY_THREE_STRIDED, 1, 128, 128, 3, 2, 1, { 128 } },
	{ ONE_BY_ONE_STRIDED, 1, 256, 512, 1, 2, 1, { 128 } },
	{ ONE_BY_ONE, 4, 128, 512, 1, 1, 1, { 64 } },
	{ ONE_BY_ONE, 3, 512, 128, 1, 1, 1, { 64 } },
	{ THREE_BY_THREE, 3, 128, 128, 3, 1, 1, { 64 } },
	{ ONE_BY_ONE, 2, 512, 256, 1, 1, 1, { 64 } },	/* layer3.0.conv1 and FPN */
	{ THREE_BY_THREE_STRIDED, 1, 256, 256, 3, 2, 1, { 64 } },
	{ ONE_BY_ONE_STRIDED, 1, 512, 1024, 1, 2, 1, { 64 } },
	{ ONE_BY_ONE, 6, 256, 1024, 1, 1, 1, { 32 } },
	{ ONE_BY_ONE, 6, 1024, 256, 1, 1, 1, { 32 } },	/* five of layer3, one of FPN */
	{ THREE_BY_THREE, 6, 256, 256, 3, 1, 1, { 32 } },	/* five of layer3, one of FPN */
	{ ONE_BY_ONE, 1, 1024, 512, 1, 1, 1, { 32 } },
	{ THREE_BY_THREE_STRIDED, 1, 512, 512, 3, 2, 1, { 32 } },
	{ ONE_BY_ONE_STRIDED, 1, 1024, 2048, 1, 2, 1, { 32 } },
	{ ONE_BY_ONE, 3, 512, 2048, 1, 1, 1, { 16 } },
	{ ONE_BY_ONE, 2, 2048, 512, 1, 1, 1, { 16 } },
	{ THREE_BY_THREE, 2, 512, 512, 3, 1, 1, { 16 } },
	{ ONE_BY_ONE, 1, 2048, 256, 1, 1, 1, { 16 } },	/* FPN */
	{ THREE_BY_THREE, 1, 256, 256, 3, 1, 1, { 64 } },
	{ THREE_BY_THREE, 1, 256, 256, 3, 1, 1, { 16 } },
	{ THREE_BY_THREE_STRIDED, 1, 256, 256, 3, 2, 1, { 16 } },	/* P6 */
	{ THREE_BY_THREE_STRIDED, 1, 256, 256, 3, 2, 1, { 8 } },	/* P7 */
	{ HEAD, 8, 256, 256, 3, 1, 5, { 64, 32, 16, 8, 4 } },
	{ HEAD, 1, 256, 819, 3, 1, 5, { 64, 32, 16, 8, 4 } },
	{ HEAD, 1, 256, 36, 3, 1, 5, { 64, 32, 16, 8, 4 } },
};

enum { LAYERS = sizeof layers / sizeof layers[0], IMAGES = 2 };

static void fail(const char *what)
{
	fprintf(stderr, "conv_layout: %s\n", what);
	exit(1);
}

/* With one thread, the thread's own time: other programs do not count. */
static double now(void)
{
	struct timespec t;
	clock_gettime(omp_get_max_threads() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int out_size(const struct layer *l, int map)
{
	return (l->size[map] + 2 * (l->kernel / 2) - l->kernel) / l->stride + 1;
}

static double layer_flops(const struct layer *l)
{
	double sum = 0;
	for (int i = 0; i < l->n_maps; i++)
		sum += 2.0 * IMAGES * out_size(l, i) * out_size(l, i) * l->ci * l->co * l->kernel * l->kernel;
	return sum;
}

/* Small numbers of both signs: zeros and denormals have other speeds. */
static void fill(struct tensor *t)
{
	for (int64_t i = 0; i < tensor_count(t); i++) {
		float v = (float)((i * 2654435761u >> 7) % 1024) / 1024.0f - 0.5f;
		if (t->dtype == DTYPE_BF16)
			((uint16_t *)t->data)[i] = f32_to_bf16(v);
		else
			((float *)t->data)[i] = v;
	}
}

static struct tensor new_tensor(struct arena *a, enum dtype dtype, int rank, const int64_t *dim)
{
	struct tensor t;
	if (tensor_new(&t, a, dtype, rank, dim) != 0)
		fail(err_get());
	fill(&t);
	return t;
}

static void must(dnnl_status_t s, const char *what)
{
	if (s != dnnl_success)
		fail(what);
}

/* One primitive of one map with memory of its own. */
struct primitive {
	dnnl_primitive_t primitive;
	dnnl_exec_arg_t args[4];
};

static dnnl_memory_t new_memory(struct arena *a, dnnl_engine_t engine, const dnnl_memory_desc_t *md)
{
	dnnl_memory_t memory;
	int64_t floats = (int64_t)(dnnl_memory_desc_get_size(md) + 3) / 4;
	struct tensor t = new_tensor(a, md->data_type == dnnl_bf16 ? DTYPE_BF16 : DTYPE_F32, 1,
		(int64_t[]){ md->data_type == dnnl_bf16 ? 2 * floats : floats });
	must(dnnl_memory_create(&memory, md, engine, t.data), "memory");
	return memory;
}

static dnnl_primitive_desc_t describe(dnnl_engine_t engine, const struct layer *l, int map, int pass, dnnl_data_type_t type,
	dnnl_format_tag_t tag)
{
	dnnl_memory_desc_t x, y, w;
	dnnl_dim_t size = l->size[map], out = out_size(l, map), pad = l->kernel / 2, stride = l->stride;
	dnnl_memory_desc_init_by_tag(&x, 4, (dnnl_dims_t){ IMAGES, l->ci, size, size }, type, tag);
	dnnl_memory_desc_init_by_tag(&y, 4, (dnnl_dims_t){ IMAGES, l->co, out, out }, type, tag);
	dnnl_memory_desc_init_by_tag(&w, 4, (dnnl_dims_t){ l->co, l->ci, l->kernel, l->kernel },
		pass == 2 ? dnnl_f32 : type, dnnl_format_tag_any);
	dnnl_convolution_desc_t d;
	dnnl_dims_t strides = { stride, stride }, pads = { pad, pad };
	if (pass == 0)
		dnnl_convolution_forward_desc_init(&d, dnnl_forward_training, dnnl_convolution_direct, &x, &w, NULL, &y, strides,
			pads, pads);
	else if (pass == 1)
		dnnl_convolution_backward_data_desc_init(&d, dnnl_convolution_direct, &x, &w, &y, strides, pads, pads);
	else
		dnnl_convolution_backward_weights_desc_init(&d, dnnl_convolution_direct, &x, &w, NULL, &y, strides, pads, pads);
	dnnl_primitive_desc_t pd, hint = pass == 0 ? NULL : describe(engine, l, map, 0, type, tag);
	must(dnnl_primitive_desc_create(&pd, &d, NULL, engine, hint), "the library has no such convolution on this CPU");
	dnnl_primitive_desc_destroy(hint);
	return pd;
}

static struct primitive make_primitive(struct arena *a, dnnl_engine_t engine, const struct layer *l, int map, int pass,
	dnnl_data_type_t type, dnnl_format_tag_t tag)
{
	static const struct { int arg; dnnl_query_t query; } roles[PASSES][3] = {
		{ { DNNL_ARG_SRC, dnnl_query_src_md }, { DNNL_ARG_WEIGHTS, dnnl_query_weights_md },
			{ DNNL_ARG_DST, dnnl_query_dst_md } },
		{ { DNNL_ARG_DIFF_SRC, dnnl_query_diff_src_md }, { DNNL_ARG_WEIGHTS, dnnl_query_weights_md },
			{ DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md } },
		{ { DNNL_ARG_SRC, dnnl_query_src_md }, { DNNL_ARG_DIFF_WEIGHTS, dnnl_query_diff_weights_md },
			{ DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md } },
	};
	struct primitive p;
	dnnl_primitive_desc_t pd = describe(engine, l, map, pass, type, tag);
	must(dnnl_primitive_create(&p.primitive, pd), "primitive");
	for (int i = 0; i < 3; i++)
		p.args[i] = (dnnl_exec_arg_t){ roles[pass][i].arg,
			new_memory(a, engine, dnnl_primitive_desc_query_md(pd, roles[pass][i].query, 0)) };
	dnnl_primitive_desc_destroy(pd);
	return p;
}

/* Seconds of a pass over all maps of a layer by the library alone, best of `repeats`. */
static double time_library(const struct layer *l, int pass, enum dtype dtype, bool nhwc, int repeats)
{
	struct arena a;
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	struct primitive p[MAPS];
	arena_init(&a, 1 << 26);
	must(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine");
	must(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "stream");
	for (int i = 0; i < l->n_maps; i++)
		p[i] = make_primitive(&a, engine, l, i, pass, dtype == DTYPE_BF16 ? dnnl_bf16 : dnnl_f32,
			nhwc ? dnnl_nhwc : dnnl_format_tag_any);
	double best = 1e9;
	for (int r = 0; r <= repeats; r++) {
		double start = now();
		for (int i = 0; i < l->n_maps; i++)
			must(dnnl_primitive_execute(p[i].primitive, stream, 3, p[i].args), "execution");
		dnnl_stream_wait(stream);
		double t = now() - start;
		best = r > 0 && t < best ? t : best;
	}
	for (int i = 0; i < l->n_maps; i++) {
		for (int j = 0; j < 3; j++)
			dnnl_memory_destroy(p[i].args[j].memory);
		dnnl_primitive_destroy(p[i].primitive);
	}
	dnnl_stream_destroy(stream);
	dnnl_engine_destroy(engine);
	arena_release(&a);
	return best;
}

/* The same by op_conv2d; weights count as new in every repeat of the forward, as in training. */
static double time_op(const struct layer *l, int pass, enum dtype dtype, enum conv_backend backend, int repeats)
{
	struct arena a, scratch;
	void *cache = NULL;
	struct conv2d_param param = { .stride = l->stride, .pad = l->kernel / 2, .dilation = 1, .groups = 1,
		.n_maps = l->n_maps, .backend = backend };
	struct op_call c = { .param = &param, .n_in = 2 + l->n_maps, .scratch = &scratch, .cache = &cache };
	arena_init(&a, 1 << 26);
	arena_init(&scratch, 1 << 26);
	c.in[0] = new_tensor(&a, DTYPE_F32, 4, (int64_t[]){ l->co, l->ci, l->kernel, l->kernel });
	for (int i = 0; i < l->n_maps; i++)
		c.in[2 + i] = new_tensor(&a, dtype, 4, (int64_t[]){ IMAGES, l->size[i], l->size[i], l->ci });
	if (op_conv2d.shape(&c) != 0)
		fail(err_get());
	for (int i = 0; i < c.n_out; i++) {
		c.out[i] = new_tensor(&a, dtype, 4, c.out[i].dim);
		c.dout[i] = new_tensor(&a, dtype, 4, c.out[i].dim);
		if (pass == 1)
			c.din[2 + i] = new_tensor(&a, dtype, 4, c.in[2 + i].dim);
	}
	if (pass == 2)
		c.din[0] = new_tensor(&a, DTYPE_F32, 4, c.in[0].dim);
	double best = 1e9;
	for (int r = 0; r <= repeats; r++) {
		c.weights_version++;
		double start = now();
		if ((pass == 0 ? op_conv2d.forward : op_conv2d.backward)(&c) != 0)
			fail(err_get());
		double t = now() - start;
		arena_reset(&scratch);
		best = r > 0 && t < best ? t : best;
	}
	op_conv2d.cache_free(cache);
	arena_release(&scratch);
	arena_release(&a);
	return best;
}

static void print_row(const char *name, const double *seconds, double flops)
{
	double sum = seconds[0] + seconds[1] + seconds[2];
	printf("%-12s %9.1f %9.1f %9.1f %9.1f %9.0f\n", name, 1e3 * seconds[0], 1e3 * seconds[1], 1e3 * seconds[2], 1e3 * sum,
		flops / sum / 1e9);
}

int main(int argc, char **argv)
{
	enum dtype dtype = argc > 1 && strcmp(argv[1], "bf16") == 0 ? DTYPE_BF16 : DTYPE_F32;
	const char *who = argc > 2 ? argv[2] : "auto";
	int repeats = argc > 3 ? atoi(argv[3]) : 3;
	bool library = strcmp(who, "blocked") == 0 || strcmp(who, "nhwc") == 0;
	int backend = library ? CONV_AUTO : conv_backend_find(who);
	double seconds[KINDS + 1][PASSES] = { { 0 } }, flops[KINDS + 1] = { 0 };
	if (backend < 0)
		fail(err_get());
	for (int i = 0; i < LAYERS; i++)
		for (int pass = 0; pass < PASSES; pass++) {
			const struct layer *l = &layers[i];
			if (l->kind == STEM && pass == 1)
				continue;	/* images have no gradient */
			double t = library ? time_library(l, pass, dtype, who[0] == 'n', repeats) :
				time_op(l, pass, dtype, (enum conv_backend)backend, repeats);
			seconds[l->kind][pass] += l->count * t;
			flops[l->kind] += l->count * layer_flops(l);
			if (getenv("EACH") != NULL)
				printf("%d -> %d %dx%d/%d @%d pass %d: %.2f ms %.0f GFLOP/s\n", l->ci, l->co, l->kernel, l->kernel,
					l->stride, l->size[0], pass, 1e3 * t, layer_flops(l) / t / 1e9);
		}
	printf("%s %s\n%-12s %9s %9s %9s %9s %9s\n", dtype_name((int)dtype), who, "ms", "forward", "data", "weights", "all",
		"GFLOP/s");
	for (int k = 0; k < KINDS; k++) {
		print_row(kind_names[k], seconds[k], flops[k]);
		flops[KINDS] += flops[k];
		for (int pass = 0; pass < PASSES; pass++)
			seconds[KINDS][pass] += seconds[k][pass];
	}
	print_row("all", seconds[KINDS], flops[KINDS]);
	return 0;
}
