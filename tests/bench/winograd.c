/*
 * Speed of winograd against oneDNN's direct convolution, channels last and in the layout oneDNN
 * likes best, all three passes. GFLOP/s count the direct convolution's operations for both.
 *
 *     winograd [f32|bf16]     maps in that dtype (default f32); oneDNN gets the same
 */
#include "op/winograd.h"

#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_MAPS = 5 };

struct shape {
	int ci, co, n_maps, n;
	int hw[MAX_MAPS][2];
};

static const struct shape shapes[] = {
	{ 64, 64, 1, 8, { { 80, 64 } } },
	{ 128, 128, 1, 8, { { 40, 32 } } },
	{ 256, 256, 1, 8, { { 40, 32 } } },
	{ 256, 256, 1, 8, { { 20, 16 } } },
	{ 256, 256, 1, 8, { { 10, 8 } } },
	{ 256, 256, 1, 8, { { 5, 4 } } },
	{ 512, 512, 1, 8, { { 10, 8 } } },
	{ 256, 256, 5, 8, { { 40, 32 }, { 20, 16 }, { 10, 8 }, { 5, 4 }, { 3, 2 } } },
	{ 256, 27, 5, 8, { { 40, 32 }, { 20, 16 }, { 10, 8 }, { 5, 4 }, { 3, 2 } } },
	{ 256, 36, 5, 8, { { 40, 32 }, { 20, 16 }, { 10, 8 }, { 5, 4 }, { 3, 2 } } },
	{ 64, 64, 1, 2, { { 128, 128 } } },
	{ 128, 128, 1, 2, { { 64, 64 } } },
	{ 256, 256, 1, 2, { { 32, 32 } } },
	{ 512, 512, 1, 2, { { 16, 16 } } },
	{ 256, 256, 5, 2, { { 64, 64 }, { 32, 32 }, { 16, 16 }, { 8, 8 }, { 4, 4 } } },
	{ 256, 720, 5, 2, { { 64, 64 }, { 32, 32 }, { 16, 16 }, { 8, 8 }, { 4, 4 } } },
};

enum pass { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS, N_PASSES };

static const char *const pass_names[] = { "forward", "backward data", "backward weights" };

static double now_sec(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

/* Best of repeated calls over at least 0.15 s. */
static double best_sec(void (*call)(void *), void *context)
{
	double best = 1e30, end = now_sec() + 0.15;
	call(context);
	for (int i = 0; i < 3 || now_sec() < end; i++) {
		double start = now_sec();
		call(context);
		double took = now_sec() - start;
		best = took < best ? took : best;
	}
	return best;
}

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "winograd: %s failed: %s\n", what, err_get());
	exit(1);
}

struct ours {
	struct winograd_param p;
	struct winograd_map maps[MAX_MAPS];
	int n_maps;
	float *w, *u, *turned, *dw, *db;
	struct arena scratch;
	enum pass pass;
};

static void *filled(struct arena *a, enum dtype dtype, size_t count)
{
	char *data = arena_alloc(a, count * dtype_size(dtype));
	check(data != NULL, "memory");
	for (size_t i = 0; i < count; i++) {
		float f = (float)((i * 2654435761u >> 8) % 1024) / 512 - 1;
		if (dtype == DTYPE_F32)
			((float *)data)[i] = f;
		else
			((uint16_t *)data)[i] = f32_to_bf16(f);
	}
	return data;
}

static void ours_init(struct ours *o, const struct shape *s, enum dtype dtype, struct arena *a)
{
	*o = (struct ours){ .p = { .ci = s->ci, .co = s->co, .pad = 1, .x_dtype = dtype, .y_dtype = dtype }, .n_maps = s->n_maps };
	arena_init(&o->scratch, 1 << 20);
	for (int i = 0; i < s->n_maps; i++) {
		size_t pixels = (size_t)s->n * s->hw[i][0] * s->hw[i][1];
		o->maps[i] = (struct winograd_map){ s->n, s->hw[i][0], s->hw[i][1],
			filled(a, dtype, pixels * s->ci), filled(a, dtype, pixels * s->co),
			filled(a, dtype, pixels * s->co), filled(a, dtype, pixels * s->ci) };
	}
	o->w = filled(a, DTYPE_F32, (size_t)s->ci * s->co * 9);
	o->dw = filled(a, DTYPE_F32, (size_t)s->ci * s->co * 9);
	o->db = filled(a, DTYPE_F32, s->co);
	o->u = arena_alloc(a, winograd_weights_bytes(s->ci, s->co));
	o->turned = arena_alloc(a, winograd_weights_bytes(s->ci, s->co));
	check(o->u != NULL && o->turned != NULL, "memory");
}

static void ours_weights(void *context)
{
	struct ours *o = context;
	winograd_transform_weights(o->u, o->w, o->p.ci, o->p.co);
	winograd_transform_weights_backward(o->turned, o->w, o->p.ci, o->p.co);
}

static void ours_call(void *context)
{
	struct ours *o = context;
	int status = 0;
	arena_reset(&o->scratch);
	switch (o->pass) {
	case FORWARD:
		status = winograd_forward(o->maps, o->n_maps, o->u, o->db, &o->p, &o->scratch);
		break;
	case BACKWARD_DATA:
		status = winograd_backward_data(o->maps, o->n_maps, o->turned, &o->p, &o->scratch);
		break;
	default:
		status = winograd_backward_weights(o->dw, o->db, o->maps, o->n_maps, &o->p, &o->scratch);
		break;
	}
	check(status == 0, "a pass");
}

/* oneDNN's primitives for every map of a shape. */
struct theirs {
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	int n;
	dnnl_primitive_t primitive[MAX_MAPS];
	dnnl_exec_arg_t args[MAX_MAPS][4];
	int n_args;
};

static void theirs_call(void *context)
{
	struct theirs *t = context;
	for (int i = 0; i < t->n; i++)
		check(dnnl_primitive_execute(t->primitive[i], t->stream, t->n_args, t->args[i]) == dnnl_success, "oneDNN");
	dnnl_stream_wait(t->stream);
}

static dnnl_memory_t theirs_memory(const struct theirs *t, const_dnnl_primitive_desc_t pd, dnnl_query_t what)
{
	const dnnl_memory_desc_t *d = dnnl_primitive_desc_query_md(pd, what, 0);
	dnnl_memory_t memory;
	size_t bytes = dnnl_memory_desc_get_size(d);
	void *data = aligned_alloc(64, (bytes + 63) / 64 * 64);
	check(data != NULL, "memory");
	memset(data, 0, bytes);
	check(dnnl_memory_create(&memory, d, t->engine, data) == dnnl_success, "oneDNN memory");
	return memory;
}

static void theirs_map(struct theirs *t, int i, const struct shape *s, enum dtype dtype, enum pass pass, bool any)
{
	dnnl_data_type_t type = dtype == DTYPE_F32 ? dnnl_f32 : dnnl_bf16;
	dnnl_format_tag_t tag = any ? dnnl_format_tag_any : dnnl_nhwc;
	dnnl_dims_t xd = { s->n, s->ci, s->hw[i][0], s->hw[i][1] }, yd = { s->n, s->co, s->hw[i][0], s->hw[i][1] };
	dnnl_dims_t wd = { s->co, s->ci, 3, 3 }, ones = { 1, 1 };
	dnnl_memory_desc_t x, y, w;
	dnnl_convolution_desc_t d;
	dnnl_primitive_desc_t pd, hint;
	dnnl_memory_desc_init_by_tag(&x, 4, xd, type, tag);
	dnnl_memory_desc_init_by_tag(&y, 4, yd, type, tag);
	dnnl_memory_desc_init_by_tag(&w, 4, wd, type, dnnl_format_tag_any);
	dnnl_convolution_forward_desc_init(&d, dnnl_forward_training, dnnl_convolution_direct, &x, &w, NULL, &y, ones, ones, ones);
	check(dnnl_primitive_desc_create(&hint, &d, NULL, t->engine, NULL) == dnnl_success, "oneDNN forward");
	dnnl_query_t from[] = { dnnl_query_src_md, dnnl_query_weights_md }, to = dnnl_query_dst_md;
	int from_arg[] = { DNNL_ARG_SRC, DNNL_ARG_WEIGHTS }, to_arg = DNNL_ARG_DST;
	pd = hint;
	if (pass == BACKWARD_DATA) {
		dnnl_convolution_backward_data_desc_init(&d, dnnl_convolution_direct, &x, &w, &y, ones, ones, ones);
		check(dnnl_primitive_desc_create(&pd, &d, NULL, t->engine, hint) == dnnl_success, "oneDNN backward data");
		from[0] = dnnl_query_diff_dst_md, from_arg[0] = DNNL_ARG_DIFF_DST;
		to = dnnl_query_diff_src_md, to_arg = DNNL_ARG_DIFF_SRC;
	} else if (pass == BACKWARD_WEIGHTS) {
		dnnl_convolution_backward_weights_desc_init(&d, dnnl_convolution_direct, &x, &w, NULL, &y, ones, ones, ones);
		check(dnnl_primitive_desc_create(&pd, &d, NULL, t->engine, hint) == dnnl_success, "oneDNN backward weights");
		from[1] = dnnl_query_diff_dst_md, from_arg[1] = DNNL_ARG_DIFF_DST;
		to = dnnl_query_diff_weights_md, to_arg = DNNL_ARG_DIFF_WEIGHTS;
	}
	t->n_args = 3;
	for (int k = 0; k < 2; k++)
		t->args[i][k] = (dnnl_exec_arg_t){ from_arg[k], theirs_memory(t, pd, from[k]) };
	t->args[i][2] = (dnnl_exec_arg_t){ to_arg, theirs_memory(t, pd, to) };
	check(dnnl_primitive_create(&t->primitive[i], pd) == dnnl_success, "oneDNN primitive");
	if (pd != hint)
		dnnl_primitive_desc_destroy(pd);
	dnnl_primitive_desc_destroy(hint);
}

static double theirs_sec(const struct shape *s, enum dtype dtype, enum pass pass, bool any)
{
	struct theirs t = { .n = s->n_maps };
	dnnl_engine_create(&t.engine, dnnl_cpu, 0);
	dnnl_stream_create(&t.stream, t.engine, dnnl_stream_default_flags);
	for (int i = 0; i < s->n_maps; i++)
		theirs_map(&t, i, s, dtype, pass, any);
	double sec = best_sec(theirs_call, &t);
	for (int i = 0; i < s->n_maps; i++) {
		for (int k = 0; k < t.n_args; k++) {
			void *data;
			dnnl_memory_get_data_handle(t.args[i][k].memory, &data);
			dnnl_memory_destroy(t.args[i][k].memory);
			free(data);
		}
		dnnl_primitive_destroy(t.primitive[i]);
	}
	dnnl_stream_destroy(t.stream);
	dnnl_engine_destroy(t.engine);
	return sec;
}

static void measure(const struct shape *s, enum dtype dtype)
{
	struct arena a;
	struct ours o;
	double pixels = 0;
	arena_init(&a, 1 << 20);
	ours_init(&o, s, dtype, &a);
	for (int i = 0; i < s->n_maps; i++)
		pixels += (double)s->n * s->hw[i][0] * s->hw[i][1];
	double gflop = pixels * s->ci * s->co * 18e-9;
	printf("%d x %dx%d%s, %d to %d; both weight transforms %.2f ms%s\n", s->n, s->hw[0][0], s->hw[0][1],
		s->n_maps > 1 ? " and its pyramid" : "", s->ci, s->co, best_sec(ours_weights, &o) * 1e3,
		winograd_pays(o.maps, o.n_maps, &o.p) ? "" : "; does not pay");
	for (int pass = 0; pass < N_PASSES; pass++) {
		o.pass = (enum pass)pass;
		double nhwc = theirs_sec(s, dtype, o.pass, false), any = theirs_sec(s, dtype, o.pass, true);
		double sec = best_sec(ours_call, &o), best = nhwc < any ? nhwc : any;
		printf("  %-17s %7.2f ms %6.0f GFLOP/s   oneDNN nhwc %6.0f, own layout %6.0f   %.2fx\n", pass_names[pass],
			sec * 1e3, gflop / sec, gflop / nhwc, gflop / any, best / sec);
		fflush(stdout);
	}
	arena_release(&o.scratch);
	arena_release(&a);
}

int main(int argc, char **argv)
{
	enum dtype dtype = argc > 1 && strcmp(argv[1], "bf16") == 0 ? DTYPE_BF16 : DTYPE_F32;
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
		measure(&shapes[i], dtype);
	return 0;
}
