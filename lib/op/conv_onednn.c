/*
 * The convolution backend on oneDNN's primitives.
 *
 * Maps stay [N H W C] (the library's nhwc); weights are in whatever layout the library
 * prefers for a pass ("any"), filled from the f32 masters as conv_prepared_room() says, and
 * gradients of weights come back the same way. A layer's state keeps one plan (primitive
 * and memory objects) for each shape and pass it has met, at most MAX_PLANS of
 * them; the least recently used makes room. Scratch comes from the call's arena, so a
 * shape that was met before costs no allocation of ours.
 *
 * The library's convolutions split work by the number of threads alone, which makes
 * them repeatable; another number of threads may sum weight gradients in another order.
 */
#include "op/add.h"
#include "op/conv_backend.h"
#include "op/conv_onednn_desc.h"

#include <dnnl.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PLANS = 96 };

/* The weights in one of the library's layouts. */
struct weights {
	struct weights *next;
	dnnl_memory_desc_t md;
	dnnl_memory_t memory;
	dnnl_primitive_t reorder;	/* from the masters */
	struct conv_prepared prepared;
	uint64_t last_call;	/* that filled it */
};

/* How to run one pass for one shape. */
struct plan {
	struct plan *next;
	struct conv_geometry g;
	enum conv_pass pass;
	uint64_t last_use;
	dnnl_primitive_t primitive;
	dnnl_memory_t src, dst;	/* x or dx; y or dz */
	dnnl_memory_t scratch;
	size_t scratch_bytes;
	struct weights *weights;	/* forward and backward data */
	dnnl_memory_t dw;	/* backward weights: the gradient in the library's layout */
	size_t dw_bytes;
	dnnl_primitive_t collect[2];	/* dw to the masters' layout: replacing, adding */
};

struct onednn_state {
	struct arena arena;
	bool by_gemm;
	struct plan *plans;
	int n_plans;
	uint64_t calls, uses;
	struct weights *weights;
	dnnl_memory_t masters;	/* w or dw of the caller; its address is set at each use */
	dnnl_memory_t bias;
};

static int set_data(dnnl_memory_t memory, void *data)
{
	return onednn_check(dnnl_memory_set_data_handle(memory, data), "memory handle");
}

static void plan_clear(struct plan *p)
{
	dnnl_primitive_destroy(p->primitive);
	dnnl_primitive_destroy(p->collect[0]);
	dnnl_primitive_destroy(p->collect[1]);
	dnnl_memory_destroy(p->src);
	dnnl_memory_destroy(p->dst);
	dnnl_memory_destroy(p->scratch);
	dnnl_memory_destroy(p->dw);
	struct plan *next = p->next;
	memset(p, 0, sizeof *p);
	p->next = next;
}

/* The layer's weights in the layout md, new ones not filled. NULL with a message. */
static struct weights *find_weights(struct onednn_state *s, const dnnl_memory_desc_t *md, const struct conv_geometry *g)
{
	struct weights *w = s->weights;
	while (w != NULL && !dnnl_memory_desc_equal(&w->md, md))
		w = w->next;
	if (w != NULL)
		return w;
	dnnl_memory_desc_t plain = onednn_weights_desc(g, dnnl_f32, true);
	w = arena_calloc(&s->arena, 1, sizeof *w);
	if (w == NULL)
		return NULL;
	w->md = *md;
	w->next = s->weights;
	s->weights = w;	/* linked before it is whole, so that close() destroys what was made */
	if (onednn_memory(&w->memory, md, DNNL_MEMORY_NONE) != 0 || onednn_reorder(&w->reorder, &plain, md, false) != 0)
		return NULL;
	return w;
}

static int plan_fill(struct onednn_state *s, struct plan *p, dnnl_primitive_desc_t pd)
{
	const struct conv_geometry *g = &p->g;
	dnnl_memory_desc_t x = onednn_map_desc(g->n, g->ci, g->h, g->w, g->dtype);
	dnnl_memory_desc_t y = onednn_map_desc(g->n, g->co, g->ho, g->wo, g->dtype);
	const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
	TRY(onednn_check(dnnl_primitive_create(&p->primitive, pd), "convolution"));
	TRY(onednn_memory(&p->src, &x, DNNL_MEMORY_NONE));
	TRY(onednn_memory(&p->dst, &y, DNNL_MEMORY_NONE));
	TRY(onednn_memory(&p->scratch, scratch, DNNL_MEMORY_NONE));
	p->scratch_bytes = dnnl_memory_desc_get_size(scratch);
	if (p->pass != CONV_BACKWARD_WEIGHTS) {
		p->weights = find_weights(s, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0), g);
		return p->weights == NULL ? -1 : 0;
	}
	const dnnl_memory_desc_t *dw = dnnl_primitive_desc_query_md(pd, dnnl_query_diff_weights_md, 0);
	dnnl_memory_desc_t plain = onednn_weights_desc(g, dnnl_f32, true);
	TRY(onednn_memory(&p->dw, dw, DNNL_MEMORY_NONE));
	p->dw_bytes = dnnl_memory_desc_get_size(dw);
	TRY(onednn_reorder(&p->collect[0], dw, &plain, false));
	return onednn_reorder(&p->collect[1], dw, &plain, true);
}

/* A plan to overwrite: a new one, or the one that was not used for longest. */
static struct plan *free_plan(struct onednn_state *s)
{
	if (s->n_plans < MAX_PLANS) {
		struct plan *p = arena_calloc(&s->arena, 1, sizeof *p);
		if (p == NULL)
			return NULL;
		p->next = s->plans;
		s->plans = p;
		s->n_plans++;
		return p;
	}
	struct plan *oldest = s->plans;
	for (struct plan *p = s->plans; p != NULL; p = p->next)
		if (p->last_use < oldest->last_use)
			oldest = p;
	plan_clear(oldest);
	return oldest;
}

static struct plan *find_plan(struct onednn_state *s, enum conv_pass pass, const struct conv_geometry *g)
{
	for (struct plan *p = s->plans; p != NULL; p = p->next)
		if (p->pass == pass && p->primitive != NULL && memcmp(&p->g, g, sizeof *g) == 0) {
			p->last_use = ++s->uses;
			return p;
		}
	struct plan *p = free_plan(s);
	if (p == NULL)
		return NULL;
	p->g = *g;
	p->pass = pass;
	p->last_use = ++s->uses;
	dnnl_primitive_desc_t pd = NULL;
	int status = onednn_check(onednn_convolution(&pd, pass, g, s->by_gemm), "convolution");
	if (status == 0)
		status = plan_fill(s, p, pd);
	dnnl_primitive_desc_destroy(pd);
	if (status != 0)
		plan_clear(p);
	return status == 0 ? p : NULL;
}

/* The masters' and the bias' memory objects, made at the first use. */
static int prepare(struct onednn_state *s, const struct conv_geometry *g)
{
	TRY(onednn_start());
	s->calls++;
	dnnl_memory_desc_t plain = onednn_weights_desc(g, dnnl_f32, true), bias;
	dnnl_memory_desc_init_by_tag(&bias, 1, (dnnl_dims_t){ g->co }, dnnl_f32, dnnl_a);
	if (s->masters == NULL)
		TRY(onednn_memory(&s->masters, &plain, DNNL_MEMORY_NONE));
	if (s->bias == NULL)
		TRY(onednn_memory(&s->bias, &bias, DNNL_MEMORY_NONE));
	return 0;
}

static int fill_weights(struct onednn_state *s, struct weights *w, const struct op_call *c)
{
	bool fill;
	if (w->last_call == s->calls)	/* for another map of the call */
		return 0;
	void *data = conv_prepared_room(&w->prepared, c, dnnl_memory_desc_get_size(&w->md), &s->arena, &fill);
	if (data == NULL)
		return -1;
	TRY(set_data(w->memory, data));
	w->last_call = s->calls;
	if (!fill)
		return 0;
	TRY(set_data(s->masters, c->in[0].data));
	TRY(onednn_execute(w->reorder, 2, (dnnl_exec_arg_t[]){ { DNNL_ARG_FROM, s->masters }, { DNNL_ARG_TO, w->memory } }));
	return 0;
}

/* Point the plan at its maps and at scratch. */
static int bind(struct plan *p, void *x, void *y, struct arena *scratch)
{
	void *room = arena_alloc(scratch, p->scratch_bytes + 1);
	if (room == NULL)
		return -1;
	TRY(set_data(p->src, x));
	TRY(set_data(p->dst, y));
	return set_data(p->scratch, room);
}

/*
 * In bf16 the library (2.6.3) multiplies pixels in pairs, and on maps of one pixel a missing partner is whatever the
 * scratchpad held, times zero: not a number if that was none.
 */
static int clear_scratch(const struct plan *p)
{
	void *room;
	if (p->g.dtype != DTYPE_BF16 || p->scratch_bytes == 0)
		return 0;
	TRY(onednn_check(dnnl_memory_get_data_handle(p->scratch, &room), "memory handle"));
	memset(room, 0, p->scratch_bytes);
	return 0;
}

static int onednn_forward(void *state, struct op_call *c, const struct conv_geometry *g)
{
	struct onednn_state *s = state;
	TRY(prepare(s, g));
	if (g->has_bias)
		TRY(set_data(s->bias, c->in[1].data));
	for (int i = 0; i < conv_param(c)->n_maps; i++) {
		struct plan *p = find_plan(s, CONV_FORWARD, &g[i]);
		if (p == NULL)
			return -1;
		TRY(fill_weights(s, p->weights, c));
		TRY(bind(p, c->in[2 + i].data, c->out[i].data, c->scratch));
		TRY(onednn_execute(p->primitive, g->has_bias ? 5 : 4, (dnnl_exec_arg_t[]){ { DNNL_ARG_SRC, p->src },
			{ DNNL_ARG_WEIGHTS, p->weights->memory }, { DNNL_ARG_DST, p->dst },
			{ DNNL_ARG_SCRATCHPAD, p->scratch }, { DNNL_ARG_BIAS, s->bias } }));
	}
	return 0;
}

static int onednn_backward_data(void *state, struct op_call *c, const struct conv_geometry *g, const struct tensor *dz)
{
	struct onednn_state *s = state;
	TRY(prepare(s, g));
	for (int i = 0; i < conv_param(c)->n_maps; i++) {
		struct tensor *dx = &c->din[2 + i];
		if (dx->data == NULL || dz[i].data == NULL)
			continue;
		struct plan *p = find_plan(s, CONV_BACKWARD_DATA, &g[i]);
		void *to = conv_adds(c, 2 + i) ? arena_alloc(c->scratch, tensor_bytes(dx)) : dx->data;
		if (p == NULL || to == NULL)
			return -1;
		TRY(fill_weights(s, p->weights, c));
		TRY(bind(p, to, dz[i].data, c->scratch));
		TRY(onednn_execute(p->primitive, 4, (dnnl_exec_arg_t[]){ { DNNL_ARG_DIFF_SRC, p->src },
			{ DNNL_ARG_WEIGHTS, p->weights->memory }, { DNNL_ARG_DIFF_DST, p->dst },
			{ DNNL_ARG_SCRATCHPAD, p->scratch } }));
		if (to != dx->data)
			add_elements(dx->data, dx->data, to, tensor_count(dx), dx->dtype == DTYPE_BF16);
	}
	return 0;
}

static int onednn_backward_weights(void *state, struct op_call *c, const struct conv_geometry *g, const struct tensor *dz)
{
	struct onednn_state *s = state;
	TRY(prepare(s, g));
	TRY(set_data(s->masters, c->din[0].data));
	bool add = conv_adds(c, 0);
	for (int i = 0; i < conv_param(c)->n_maps; i++) {
		if (dz[i].data == NULL)
			continue;
		struct plan *p = find_plan(s, CONV_BACKWARD_WEIGHTS, &g[i]);
		void *dw = p == NULL ? NULL : arena_alloc(c->scratch, p->dw_bytes);
		if (dw == NULL)
			return -1;
		TRY(bind(p, c->in[2 + i].data, dz[i].data, c->scratch));
		TRY(clear_scratch(p));
		TRY(set_data(p->dw, dw));
		TRY(onednn_execute(p->primitive, 4, (dnnl_exec_arg_t[]){ { DNNL_ARG_SRC, p->src }, { DNNL_ARG_DIFF_DST, p->dst },
			{ DNNL_ARG_DIFF_WEIGHTS, p->dw }, { DNNL_ARG_SCRATCHPAD, p->scratch } }));
		TRY(onednn_execute(p->collect[add], 2, (dnnl_exec_arg_t[]){ { DNNL_ARG_FROM, p->dw }, { DNNL_ARG_TO, s->masters } }));
		add = true;
	}
	return 0;
}

static bool onednn_can(const struct conv_geometry *g)
{
	return g->dtype != DTYPE_BF16 || conv_onednn_has_bf16();
}

/* Whether there is such a way is only known by asking. */
static bool onednn_gemm_can(const struct conv_geometry *g)
{
	if (!onednn_can(g) || onednn_start() != 0)
		return false;
	for (int pass = 0; pass < CONV_PASSES; pass++) {
		dnnl_primitive_desc_t pd = NULL;
		if (onednn_convolution(&pd, (enum conv_pass)pass, g, true) != dnnl_success)
			return false;
		dnnl_primitive_desc_destroy(pd);
	}
	return true;
}

static void *onednn_open(void)
{
	struct onednn_state *s = calloc(1, sizeof *s);
	if (s == NULL)
		return err_null("conv2d: no memory for a layer's state");
	arena_init(&s->arena, 1 << 16);
	return s;
}

static void *onednn_gemm_open(void)
{
	struct onednn_state *s = onednn_open();
	if (s != NULL)
		s->by_gemm = true;
	return s;
}

static void onednn_close(void *state)
{
	struct onednn_state *s = state;
	for (struct plan *p = s->plans; p != NULL; p = p->next)
		plan_clear(p);
	for (struct weights *w = s->weights; w != NULL; w = w->next) {
		dnnl_primitive_destroy(w->reorder);
		dnnl_memory_destroy(w->memory);
	}
	dnnl_memory_destroy(s->masters);
	dnnl_memory_destroy(s->bias);
	arena_release(&s->arena);
	free(s);
}

const struct conv_ops conv_onednn = {
	.name = "onednn",
	.open = onednn_open,
	.close = onednn_close,
	.can = onednn_can,
	.forward = onednn_forward,
	.backward_data = onednn_backward_data,
	.backward_weights = onednn_backward_weights,
};

const struct conv_ops conv_onednn_gemm = {
	.name = "onednn-gemm",
	.open = onednn_gemm_open,
	.close = onednn_close,
	.can = onednn_gemm_can,
	.forward = onednn_forward,
	.backward_data = onednn_backward_data,
	.backward_weights = onednn_backward_weights,
};
