/*
 * The convolution backend on our own matrix product, for any kernel and stride of one group.
 *
 * Forward and backward data multiply blocks of pixels by the weights: what a lattice's
 * pixels see (see conv_gather.h) is packed as f32, tap after tap, and multiplied panel by panel.
 * Backward weights is the product over pixels, block after block added to the same sums.
 * Maps in bf16 are converted while they are packed and stored, so a CPU whose bf16
 * dot products are slow computes at its f32 speed and still reads and writes half the bytes.
 *
 * Every sum is made in one order by one thread: results do not depend on the number of threads.
 */
#include "op/conv_backend.h"
#include "op/conv_gather.h"
#include "op/conv_pack.h"
#include "op/gemm_tile.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_BYTES = 3 << 18,	/* of packed pixels: with a panel of weights, in a second-level cache of 2 MB */
	BLOCK_TILES = 8,	/* most tiles of GEMM_ROWS pixels in a block */
	PIXEL_BYTES = 1 << 20,	/* backward weights: of both operands */
};

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return (a + b - 1) / b;
}

struct gemm_state {
	struct arena arena;
	/* f32 [panel of `to` channels][tap in the lattices' order][from, padded][GEMM_COLUMNS] */
	struct conv_prepared forward, backward;
};

/* One pass over one lattice of one map: channels `from` of source to channels `to` of result. */
struct pass {
	const struct conv_lattice *l;
	const struct tensor *source;
	struct tensor *result;
	int64_t from, to, from_padded;
	const float *weights;
	int64_t panel_size;	/* floats */
	struct conv_finish finish;
	int64_t pixels, block;	/* of all images; in a block of rows */
};

static void pack_pixel(float *to, int64_t stride, const struct tensor *s, int64_t at, int64_t count)
{
	if (s->dtype == DTYPE_BF16)
		ISA_PICK(conv_pack_bf16)(to, stride, at < 0 ? NULL : (const uint16_t *)s->data + at, count);
	else
		ISA_PICK(conv_pack_f32)(to, stride, at < 0 ? NULL : (const float *)s->data + at, count);
}

/* Offset in s of what the lattice's pixel sees through a tap; -1 in the padding. */
static int64_t seen(const struct tensor *s, const struct conv_lattice *l, int64_t pixel, int64_t tap)
{
	int64_t image = pixel / (l->rows * l->cols), i = pixel / l->cols % l->rows, j = pixel % l->cols;
	int64_t h = i * l->in_step + l->dh[tap], w = j * l->in_step + l->dw[tap];
	if (h < 0 || h >= s->dim[1] || w < 0 || w >= s->dim[2])
		return -1;
	return ((image * s->dim[1] + h) * s->dim[2] + w) * s->dim[3];
}

/* Tiles of pixels [first, first + count) as gemm_rows reads them, each [taps*from_padded / GEMM_DEPTH][rows][GEMM_DEPTH]. */
static void pack_block(float *to, const struct pass *p, int64_t first, int64_t count)
{
	const struct conv_lattice *l = p->l;
	for (int64_t tile = 0; tile < count; tile += GEMM_ROWS) {
		int64_t rows = min64(count - tile, GEMM_ROWS);
		for (int64_t tap = 0; tap < l->n_taps; tap++)
			for (int64_t r = 0; r < rows; r++)
				pack_pixel(to + tile * l->n_taps * p->from_padded + tap * p->from_padded * rows + r * GEMM_DEPTH,
					rows * GEMM_DEPTH, p->source, seen(p->source, l, first + tile + r, tap), p->from);
	}
}

static void store_tile(const struct pass *p, const float *sums, int64_t first, int64_t rows, int64_t channel, int64_t count)
{
	const struct conv_lattice *l = p->l;
	const float *bias = p->finish.bias == NULL ? NULL : p->finish.bias + channel;
	const int64_t *dim = p->result->dim;
	for (int64_t r = 0; r < rows; r++, sums += GEMM_COLUMNS) {
		int64_t pixel = first + r, image = pixel / (l->rows * l->cols);
		int64_t h = l->out_h + pixel / l->cols % l->rows * l->out_step, w = l->out_w + pixel % l->cols * l->out_step;
		int64_t at = ((image * dim[1] + h) * dim[2] + w) * dim[3] + channel;
		if (p->result->dtype == DTYPE_BF16)
			ISA_PICK(conv_store_bf16)((uint16_t *)p->result->data + at, sums, bias, p->finish.add, p->finish.relu, count);
		else
			ISA_PICK(conv_store_f32)((float *)p->result->data + at, sums, bias, p->finish.add, p->finish.relu, count);
	}
}

static void multiply_block(const struct pass *p, const float *packed, int64_t first, int64_t count)
{
	float sums[GEMM_ROWS * GEMM_COLUMNS] __attribute__((aligned(64)));
	int64_t depth = p->l->n_taps * p->from_padded;
	for (int64_t channel = 0; channel < p->to; channel += GEMM_COLUMNS) {
		const float *w = p->weights + channel / GEMM_COLUMNS * p->panel_size + p->l->first_tap * p->from_padded * GEMM_COLUMNS;
		int64_t columns = min64(p->to - channel, GEMM_COLUMNS);
		for (int64_t tile = 0; tile < count; tile += GEMM_ROWS) {
			int64_t rows = min64(count - tile, GEMM_ROWS);
			ISA_PICK(gemm_rows)(sums, packed + tile * depth, w, w, (int)rows, (int)columns, depth);
			store_tile(p, sums, first + tile, rows, channel, columns);
		}
	}
}

/* Blocks of pixels are shared out to the threads. */
static int run_lattice(struct pass *p, struct arena *scratch)
{
	int64_t depth = p->l->n_taps * p->from_padded, threads = omp_get_max_threads();
	p->pixels = p->source->dim[0] * p->l->rows * p->l->cols;
	int64_t tiles = max64(1, min64(BLOCK_TILES, BLOCK_BYTES / (GEMM_ROWS * max64(depth, 1) * (int64_t)sizeof(float))));
	/* As many blocks for each thread as the cache asks for, all of about the same size. */
	int64_t share = ceil_div(max64(p->pixels, 1), threads);
	p->block = ceil_div(ceil_div(share, ceil_div(share, tiles * GEMM_ROWS)), GEMM_ROWS) * GEMM_ROWS;
	float *packed = arena_alloc(scratch, (size_t)(threads * p->block * depth + 1) * sizeof *packed);
	if (packed == NULL)
		return -1;
#pragma omp parallel for schedule(static)
	for (int64_t first = 0; first < p->pixels; first += p->block) {
		float *mine = packed + omp_get_thread_num() * p->block * depth;
		int64_t count = min64(p->pixels - first, p->block);
		pack_block(mine, p, first, count);
		multiply_block(p, mine, first, count);
	}
	return 0;
}

/* Panels of the masters; transposed: from Co to Ci. NULL: out of memory. */
static const float *make_panels(struct gemm_state *s, struct conv_prepared *p, const struct op_call *c,
	const struct conv_geometry *g, const int64_t *order, bool transposed)
{
	int64_t taps = g->kh * g->kw, from = transposed ? g->co : g->ci, to = transposed ? g->ci : g->co;
	int64_t padded = ceil_div(from, GEMM_DEPTH) * GEMM_DEPTH, n_panels = ceil_div(to, GEMM_COLUMNS);
	int64_t step_from = (transposed ? g->ci : 1) * taps, step_to = (transposed ? 1 : g->ci) * taps;
	const float *w = c->in[0].data;
	size_t bytes = (size_t)(n_panels * taps * padded * GEMM_COLUMNS) * sizeof(float);
	bool fill;
	float *panels = conv_prepared_room(p, c, bytes, &s->arena, &fill);
	if (panels == NULL || !fill)
		return panels;
	memset(panels, 0, bytes);
#pragma omp parallel for collapse(2) schedule(static)
	for (int64_t panel = 0; panel < n_panels; panel++)
		for (int64_t tap = 0; tap < taps; tap++) {
			float *rows = panels + (panel * taps + tap) * padded * GEMM_COLUMNS;
			int64_t columns = min64(to - panel * GEMM_COLUMNS, GEMM_COLUMNS);
			for (int64_t k = 0; k < from; k++)
				for (int64_t j = 0; j < columns; j++)
					rows[k * GEMM_COLUMNS + j] = w[k * step_from + (panel * GEMM_COLUMNS + j) * step_to + order[tap]];
		}
	return panels;
}

static struct pass make_pass(const struct conv_geometry *g, int64_t from, int64_t to, const float *weights)
{
	int64_t padded = ceil_div(from, GEMM_DEPTH) * GEMM_DEPTH;
	return (struct pass){ .from = from, .to = to, .from_padded = padded, .weights = weights,
		.panel_size = g->kh * g->kw * padded * GEMM_COLUMNS };
}

static int gemm_forward(void *state, struct op_call *c, const struct conv_geometry *g)
{
	struct gemm_state *s = state;
	struct conv_lattice l;
	TRY(conv_lattice_forward(&l, g, c->scratch));
	const float *panels = make_panels(s, &s->forward, c, g, l.order, false);
	if (panels == NULL)
		return -1;
	struct pass p = make_pass(g, g->ci, g->co, panels);
	p.finish = (struct conv_finish){ .bias = g->has_bias ? c->in[1].data : NULL, .relu = g->relu };
	p.l = &l;
	for (int i = 0; i < conv_param(c)->n_maps; i++) {
		TRY(conv_lattice_forward(&l, &g[i], c->scratch));
		p.source = &c->in[2 + i];
		p.result = &c->out[i];
		TRY(run_lattice(&p, c->scratch));
	}
	return 0;
}

static int gemm_backward_data(void *state, struct op_call *c, const struct conv_geometry *g, const struct tensor *dz)
{
	struct gemm_state *s = state;
	int64_t phases = (int64_t)g->stride * g->stride;
	struct conv_lattice *l = arena_alloc(c->scratch, (size_t)phases * sizeof *l);
	if (l == NULL)
		return -1;
	TRY(conv_lattices_backward(l, g, c->scratch));
	const float *panels = make_panels(s, &s->backward, c, g, l[0].order, true);
	if (panels == NULL)
		return -1;
	struct pass p = make_pass(g, g->co, g->ci, panels);
	for (int i = 0; i < conv_param(c)->n_maps; i++) {
		if (c->din[2 + i].data == NULL || dz[i].data == NULL)
			continue;
		TRY(conv_lattices_backward(l, &g[i], c->scratch));
		p.source = &dz[i];
		p.result = &c->din[2 + i];
		p.finish.add = conv_adds(c, 2 + i);
		for (int64_t phase = 0; phase < phases; phase++) {
			p.l = &l[phase];
			TRY(run_lattice(&p, c->scratch));
		}
	}
	return 0;
}

/* Backward weights: sums [tile of GEMM_OUTER_ROWS of taps*ci][panel of co][GEMM_OUTER_ROWS][GEMM_COLUMNS]. */
struct outer {
	const struct tensor *x, *dz;
	const struct conv_lattice *l;
	int64_t ci, co;
	int64_t ci_padded, width;	/* of a tap; floats of a pixel of `columns` */
	int64_t n_tiles, n_panels;
	int64_t block;	/* pixels multiplied at once */
	float *columns;	/* [block][width] */
	float *panels;	/* [n_panels][block][GEMM_COLUMNS] */
	float *sums;
};

static int outer_init(struct outer *o, const struct conv_geometry *g, struct arena *scratch)
{
	int64_t taps = g->kh * g->kw;
	*o = (struct outer){ .ci = g->ci, .co = g->co };
	o->ci_padded = ceil_div(g->ci, GEMM_DEPTH) * GEMM_DEPTH;
	o->n_tiles = ceil_div(taps * o->ci_padded, GEMM_OUTER_ROWS);
	o->n_panels = ceil_div(g->co, GEMM_COLUMNS);
	o->width = ceil_div(o->n_tiles * GEMM_OUTER_ROWS, GEMM_DEPTH) * GEMM_DEPTH;
	int64_t pixel_bytes = (o->width + o->n_panels * GEMM_COLUMNS) * (int64_t)sizeof(float);
	o->block = max64(64, min64(512, PIXEL_BYTES / pixel_bytes));
	o->columns = arena_calloc(scratch, (size_t)(o->block * o->width), sizeof(float));
	o->panels = arena_alloc(scratch, (size_t)(o->n_panels * o->block * GEMM_COLUMNS) * sizeof(float));
	o->sums = arena_calloc(scratch, (size_t)(o->n_tiles * o->n_panels * GEMM_OUTER_ROWS * GEMM_COLUMNS), sizeof(float));
	return o->columns == NULL || o->panels == NULL || o->sums == NULL ? -1 : 0;
}

static void pack_outer(const struct outer *o, int64_t pixel, int64_t row)
{
	for (int64_t tap = 0; tap < o->l->n_taps; tap++)
		pack_pixel(o->columns + row * o->width + tap * o->ci_padded, GEMM_DEPTH, o->x, seen(o->x, o->l, pixel, tap), o->ci);
	for (int64_t panel = 0; panel < o->n_panels; panel++)
		pack_pixel(o->panels + (panel * o->block + row) * GEMM_COLUMNS, GEMM_DEPTH, o->dz,
			pixel * o->co + panel * GEMM_COLUMNS, min64(GEMM_COLUMNS, o->co - panel * GEMM_COLUMNS));
}

static void outer_map(const struct outer *o)
{
	int64_t pixels = o->x->dim[0] * o->l->rows * o->l->cols;
#pragma omp parallel
	for (int64_t first = 0; first < pixels; first += o->block) {
		int64_t count = min64(pixels - first, o->block);
#pragma omp for schedule(static)
		for (int64_t r = 0; r < count; r++)
			pack_outer(o, first + r, r);
#pragma omp for collapse(2) schedule(static)
		for (int64_t panel = 0; panel < o->n_panels; panel++)
			for (int64_t tile = 0; tile < o->n_tiles; tile++) {
				float *sums = o->sums + (tile * o->n_panels + panel) * GEMM_OUTER_ROWS * GEMM_COLUMNS;
				int64_t columns = min64(GEMM_COLUMNS, o->co - panel * GEMM_COLUMNS);
				ISA_PICK(gemm_outer)(sums, o->columns + tile * GEMM_OUTER_ROWS, o->width,
					o->panels + panel * o->block * GEMM_COLUMNS, GEMM_OUTER_ROWS, (int)columns, count, true);
			}
	}
}

/* The sums to [Co Ci Kh Kw]. */
static void outer_finish(const struct outer *o, float *dw, const struct conv_geometry *g, bool add)
{
	int64_t taps = g->kh * g->kw;
#pragma omp parallel for schedule(static)
	for (int64_t co = 0; co < o->co; co++)
		for (int64_t ci = 0; ci < o->ci; ci++)
			for (int64_t tap = 0; tap < taps; tap++) {
				int64_t row = tap * o->ci_padded + ci, tile = row / GEMM_OUTER_ROWS * o->n_panels + co / GEMM_COLUMNS;
				float v = o->sums[(tile * GEMM_OUTER_ROWS + row % GEMM_OUTER_ROWS) * GEMM_COLUMNS + co % GEMM_COLUMNS];
				float *to = &dw[(co * o->ci + ci) * taps + tap];
				*to = add ? *to + v : v;
			}
}

static int gemm_backward_weights(void *state, struct op_call *c, const struct conv_geometry *g, const struct tensor *dz)
{
	(void)state;
	struct outer o;
	struct conv_lattice l;
	TRY(outer_init(&o, g, c->scratch));
	for (int i = 0; i < conv_param(c)->n_maps; i++) {
		if (dz[i].data == NULL)
			continue;
		TRY(conv_lattice_forward(&l, &g[i], c->scratch));
		o.x = &c->in[2 + i];
		o.dz = &dz[i];
		o.l = &l;
		outer_map(&o);
	}
	outer_finish(&o, c->din[0].data, g, conv_adds(c, 0));
	return 0;
}

static bool gemm_can(const struct conv_geometry *g)
{
	return g->groups == 1;
}

static void *gemm_open(void)
{
	struct gemm_state *s = calloc(1, sizeof *s);
	if (s == NULL)
		return err_null("conv2d: no memory for a layer's state");
	arena_init(&s->arena, 1 << 12);
	return s;
}

static void gemm_close(void *state)
{
	struct gemm_state *s = state;
	arena_release(&s->arena);
	free(s);
}

const struct conv_ops conv_gemm = {
	.name = "gemm",
	.open = gemm_open,
	.close = gemm_close,
	.can = gemm_can,
	.forward = gemm_forward,
	.backward_data = gemm_backward_data,
	.backward_weights = gemm_backward_weights,
};
