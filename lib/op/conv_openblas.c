/*
 * The convolution backend on OpenBLAS alone: for machines without oneDNN, and as a
 * second opinion beside it.
 *
 * All three passes are sums over the kernel's taps of matrix products whose rows are
 * pixels. A block of rows gathers what some taps see into a matrix that stays in the
 * second-level cache (im2col by blocks), in f32 whatever the maps' dtype:
 *
 *     forward            y[pixels co]  = sum over taps  x_tap[pixels ci] w_tap[ci co]
 *     backward data      dx[pixels ci] = sum over taps  dz_tap[pixels co] w_tap[ci co]'
 *     backward weights   dw_tap[ci co] = sum over pixels  x_tap[pixels ci]' dz[pixels co]
 *
 * Backward data treats input pixels by their place modulo the stride: all pixels of one
 * such phase see the same taps, so nothing is multiplied by the zeros between strides.
 *
 * Threads share out blocks of rows (or, for weights, taps and channels); every sum is
 * made by one thread in one order, so results do not depend on their number.
 */
#include "op/blas.h"
#include "op/conv_backend.h"
#include "op/conv_gather.h"

#include <cblas.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a block, and columns that one product sums over: 1 MiB of gathered numbers. */
enum { BLOCK_ROWS = 256, BLOCK_DEPTH = 1024, CHANNEL_BLOCK = 64 };

struct openblas_state {
	struct arena arena;
	struct conv_prepared forward, backward;	/* f32 [group][tap in the direction's order][from][to] */
};

/* What one pass multiplies: source [n sh sw groups*from] -> result pixels with groups*to channels. */
struct pass {
	const struct conv_geometry *g;
	const struct tensor *source;
	int64_t from, to;	/* channels of a group */
	const float *weights;	/* [group][tap][from][to] */
	int64_t n_taps;	/* of all lattices together */
};

/* The taps of a pass on one lattice of pixels, accumulated for rows of one image and group: acc [rows to]. */
static void accumulate(const struct pass *p, const struct conv_lattice *l, int64_t image, int64_t group, int64_t row,
	int64_t rows, float *columns, float *acc)
{
	const struct tensor *s = p->source;
	int64_t taps_at_once = BLOCK_DEPTH / p->from > 0 ? BLOCK_DEPTH / p->from : 1;
	memset(acc, 0, (size_t)(rows * p->to) * sizeof *acc);
	for (int64_t tap = 0; tap < l->n_taps; tap += taps_at_once) {
		int64_t taps = l->n_taps - tap < taps_at_once ? l->n_taps - tap : taps_at_once;
		int64_t depth = taps * p->from;
		for (int64_t t = 0; t < taps; t++)
			conv_gather(columns + t * p->from, depth, s, l, tap + t, image, group * p->from, p->from, row, rows);
		const float *w = p->weights + (group * p->n_taps + l->first_tap + tap) * p->from * p->to;
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)p->to, (int)depth, 1.0f, columns,
			(int)depth, w, (int)p->to, 1.0f, acc, (int)p->to);
	}
}

/* Buffers of each thread: gathered columns and the sums. */
struct buffers {
	float *columns, *acc;
	int64_t column_count, acc_count;
};

static int make_buffers(struct buffers *b, int64_t from, int64_t to, struct arena *scratch)
{
	size_t threads = (size_t)omp_get_max_threads();
	b->column_count = BLOCK_ROWS * (from > BLOCK_DEPTH ? from : BLOCK_DEPTH);
	b->acc_count = BLOCK_ROWS * to;
	b->columns = arena_alloc(scratch, threads * (size_t)b->column_count * sizeof(float));
	b->acc = arena_alloc(scratch, threads * (size_t)b->acc_count * sizeof(float));
	return b->columns == NULL || b->acc == NULL ? -1 : 0;
}

/*
 * Run a pass over one lattice: every block of rows is gathered, multiplied and stored into `to`, whose pixels
 * lie `l->out_step` apart from (l->out_h, l->out_w).
 */
static void run_lattice(const struct pass *p, const struct conv_lattice *l, const struct buffers *b, struct tensor *to,
	const struct conv_finish *finish)
{
	int64_t pixels = l->rows * l->cols, blocks = (pixels + BLOCK_ROWS - 1) / BLOCK_ROWS;
	int64_t groups = p->g->groups, tasks = p->g->n * groups * blocks;
#pragma omp parallel for schedule(static)
	for (int64_t task = 0; task < tasks; task++) {
		int64_t image = task / (groups * blocks), group = task / blocks % groups, row = task % blocks * BLOCK_ROWS;
		int64_t rows = pixels - row < BLOCK_ROWS ? pixels - row : BLOCK_ROWS;
		float *columns = b->columns + omp_get_thread_num() * b->column_count;
		float *acc = b->acc + omp_get_thread_num() * b->acc_count;
		accumulate(p, l, image, group, row, rows, columns, acc);
		conv_scatter(to, l, image, group * p->to, p->to, row, rows, acc, finish);
	}
}

/* weights [group][tap][ci][co], in the order of the lattices' taps; transposed: [group][tap][co][ci]. */
static void pack(float *to, const float *w, const struct conv_geometry *g, const int64_t *order, bool transposed)
{
	int64_t taps = g->kh * g->kw, ci = g->ci / g->groups, co = g->co / g->groups;
#pragma omp parallel for collapse(2) schedule(static)
	for (int64_t group = 0; group < g->groups; group++)
		for (int64_t tap = 0; tap < taps; tap++) {
			float *t = to + (group * taps + tap) * ci * co;
			for (int64_t i = 0; i < ci; i++)
				for (int64_t o = 0; o < co; o++)
					t[transposed ? o * ci + i : i * co + o] = w[((group * co + o) * ci + i) * taps + order[tap]];
		}
}

static const float *packed(struct openblas_state *s, struct conv_prepared *p, const struct op_call *c,
	const struct conv_geometry *g, const int64_t *order, bool transposed)
{
	bool fill;
	float *data = conv_prepared_room(p, c, tensor_bytes(&c->in[0]), &s->arena, &fill);
	if (data != NULL && fill)
		pack(data, c->in[0].data, g, order, transposed);
	return data;
}

static int openblas_forward(void *state, struct op_call *c, const struct conv_geometry *g)
{
	struct openblas_state *s = state;
	struct conv_lattice l;
	struct buffers b;
	struct pass p = { .from = g->ci / g->groups, .to = g->co / g->groups, .n_taps = g->kh * g->kw };
	struct conv_finish finish = { .bias = g->has_bias ? c->in[1].data : NULL, .relu = g->relu };
	blas_single_thread();
	TRY(conv_lattice_forward(&l, &g[0], c->scratch));
	p.weights = packed(s, &s->forward, c, &g[0], l.order, false);
	if (p.weights == NULL)
		return -1;
	TRY(make_buffers(&b, p.from, p.to, c->scratch));
	for (int i = 0; i < conv_param(c)->n_maps; i++) {
		TRY(conv_lattice_forward(&l, &g[i], c->scratch));
		p.g = &g[i];
		p.source = &c->in[2 + i];
		run_lattice(&p, &l, &b, &c->out[i], &finish);
	}
	return 0;
}

static int openblas_backward_data(void *state, struct op_call *c, const struct conv_geometry *g, const struct tensor *dz)
{
	struct openblas_state *s = state;
	struct buffers b;
	struct pass p = { .from = g->co / g->groups, .to = g->ci / g->groups, .n_taps = g->kh * g->kw };
	int64_t phases = (int64_t)g->stride * g->stride;
	struct conv_lattice *l = arena_alloc(c->scratch, (size_t)phases * sizeof *l);
	blas_single_thread();
	if (l == NULL)
		return -1;
	TRY(conv_lattices_backward(l, &g[0], c->scratch));
	p.weights = packed(s, &s->backward, c, &g[0], l[0].order, true);
	if (p.weights == NULL)
		return -1;
	TRY(make_buffers(&b, p.from, p.to, c->scratch));
	for (int i = 0; i < conv_param(c)->n_maps; i++) {
		if (c->din[2 + i].data == NULL || dz[i].data == NULL)
			continue;
		struct conv_finish finish = { .add = conv_adds(c, 2 + i) };
		TRY(conv_lattices_backward(l, &g[i], c->scratch));
		p.g = &g[i];
		p.source = &dz[i];
		for (int64_t phase = 0; phase < phases; phase++)
			run_lattice(&p, &l[phase], &b, &c->din[2 + i], &finish);
	}
	return 0;
}

/* What backward_weights shares among its tasks. */
struct weights_pass {
	const struct conv_geometry *g;
	const struct tensor *x;
	const struct conv_lattice *l;
	const float *dz;	/* f32 [n ho wo co] */
	float *dw;	/* [group][tap][ci][co], added to */
};

/* Channels [first, first + count) of a group's tap, summed over all pixels of the map. */
static void weights_task(const struct weights_pass *p, int64_t group, int64_t tap, int64_t first, int64_t count, float *columns)
{
	const struct conv_geometry *g = p->g;
	int64_t ci = g->ci / g->groups, co = g->co / g->groups, pixels = g->ho * g->wo;
	float *dw = p->dw + ((group * p->l->n_taps + tap) * ci + first) * co;
	for (int64_t image = 0; image < g->n; image++)
		for (int64_t row = 0; row < pixels; row += BLOCK_ROWS) {
			int64_t rows = pixels - row < BLOCK_ROWS ? pixels - row : BLOCK_ROWS;
			conv_gather(columns, count, p->x, p->l, tap, image, group * ci + first, count, row, rows);
			const float *dz = p->dz + (image * pixels + row) * g->co + group * co;
			cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)count, (int)co, (int)rows, 1.0f, columns,
				(int)count, dz, (int)g->co, 1.0f, dw, (int)co);
		}
}

static void weights_map(const struct weights_pass *p, float *columns)
{
	const struct conv_geometry *g = p->g;
	int64_t ci = g->ci / g->groups, pieces = (ci + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK, taps = p->l->n_taps;
#pragma omp parallel for schedule(dynamic)
	for (int64_t task = 0; task < g->groups * taps * pieces; task++) {
		int64_t group = task / (taps * pieces), tap = task / pieces % taps, first = task % pieces * CHANNEL_BLOCK;
		int64_t count = ci - first < CHANNEL_BLOCK ? ci - first : CHANNEL_BLOCK;
		weights_task(p, group, tap, first, count, columns + omp_get_thread_num() * BLOCK_ROWS * CHANNEL_BLOCK);
	}
}

/* dw of the passes [group][tap][ci][co] to the masters' layout. */
static void unpack(float *w, const float *from, const struct conv_geometry *g, bool add)
{
	int64_t taps = g->kh * g->kw, ci = g->ci / g->groups, co = g->co / g->groups;
#pragma omp parallel for schedule(static)
	for (int64_t o = 0; o < g->co; o++)
		for (int64_t i = 0; i < ci; i++)
			for (int64_t tap = 0; tap < taps; tap++) {
				float v = from[((o / co * taps + tap) * ci + i) * co + o % co], *to = &w[(o * ci + i) * taps + tap];
				*to = add ? *to + v : v;
			}
}

static int openblas_backward_weights(void *state, struct op_call *c, const struct conv_geometry *g, const struct tensor *dz)
{
	(void)state;
	struct conv_lattice l;
	size_t threads = (size_t)omp_get_max_threads();
	float *dw = arena_calloc(c->scratch, (size_t)tensor_count(&c->in[0]), sizeof *dw);
	float *columns = arena_alloc(c->scratch, threads * BLOCK_ROWS * CHANNEL_BLOCK * sizeof *columns);
	blas_single_thread();
	if (dw == NULL || columns == NULL)
		return -1;
	for (int i = 0; i < conv_param(c)->n_maps; i++) {
		if (dz[i].data == NULL)
			continue;
		const float *dz_f32 = conv_as_f32(&dz[i], c->scratch);
		if (dz_f32 == NULL)
			return -1;
		TRY(conv_lattice_forward(&l, &g[i], c->scratch));
		weights_map(&(struct weights_pass){ .g = &g[i], .x = &c->in[2 + i], .l = &l, .dz = dz_f32, .dw = dw }, columns);
	}
	unpack(c->din[0].data, dw, &g[0], conv_adds(c, 0));
	return 0;
}

static bool openblas_can(const struct conv_geometry *g)
{
	(void)g;
	return true;
}

static void *openblas_open(void)
{
	struct openblas_state *s = calloc(1, sizeof *s);
	if (s == NULL)
		return err_null("conv2d: no memory for a layer's state");
	arena_init(&s->arena, 1 << 12);
	return s;
}

static void openblas_close(void *state)
{
	struct openblas_state *s = state;
	arena_release(&s->arena);
	free(s);
}

const struct conv_ops conv_openblas = {
	.name = "openblas",
	.open = openblas_open,
	.close = openblas_close,
	.can = openblas_can,
	.forward = openblas_forward,
	.backward_data = openblas_backward_data,
	.backward_weights = openblas_backward_weights,
};
