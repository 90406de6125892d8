/*
 * The convolution backend on oneDNN's primitives.
 *
 * Maps stay [N H W C] (the library's nhwc); weights are in whatever layout the library
 * prefers for a pass ("any"), filled from the f32 masters once per weights_version, and
 * gradients of weights come back the same way. A layer's state keeps one plan (primitive
 * and memory objects) for each shape and pass it has met, at most MAX_PLANS of
 * them; the least recently used makes room. Scratch comes from the call's arena, so a
 * shape that was met before costs no allocation of ours.
 *
 * The library's convolutions split work by the number of threads alone, which makes
 * them repeatable; another number of threads may sum weight gradients in another order.
 */
#include "op/conv_backend.h"

#include <dnnl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PLANS = 96 };

/* The weights in one of the library's layouts. */
struct weights {
	struct weights *next;
	dnnl_memory_desc_t md;
	dnnl_memory_t memory;
	dnnl_primitive_t reorder;	/* from the masters */
	const void *source;	/* what fills it: masters of that address and version */
	uint64_t version;
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
	struct plan *plans;
	int n_plans;
	uint64_t uses;
	struct weights *weights;
	dnnl_memory_t masters;	/* w or dw of the caller; its address is set at each use */
	dnnl_memory_t bias;
};

/*
 * The library's handle of this CPU and its queue, shared by all layers: neither holds
 * anything that a call changes. Made once, by whoever comes first, and never freed.
 */
static struct {
	pthread_once_t once;
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	dnnl_status_t status;
} cpu = { .once = PTHREAD_ONCE_INIT };

static void open_cpu(void)
{
	cpu.status = dnnl_engine_create(&cpu.engine, dnnl_cpu, 0);
	if (cpu.status == dnnl_success)
		cpu.status = dnnl_stream_create(&cpu.stream, cpu.engine, dnnl_stream_default_flags);
}

static int check(dnnl_status_t status, const char *what)
{
	if (status == dnnl_success)
		return 0;
	if (status == dnnl_unimplemented)
		return err_set("conv2d: oneDNN cannot make a %s on this CPU (bf16 needs AVX-512); use f32 or the openblas "
			"backend", what);
	return err_set("conv2d: oneDNN: %s failed with status %d", what, (int)status);
}

/* A memory object without data. */
static int make_memory(dnnl_memory_t *memory, const dnnl_memory_desc_t *md, void *data)
{
	return check(dnnl_memory_create(memory, md, cpu.engine, data), "memory object");
}

static int set_data(dnnl_memory_t memory, void *data)
{
	return check(dnnl_memory_set_data_handle(memory, data), "memory handle");
}

static int execute(dnnl_primitive_t primitive, int n_args, const dnnl_exec_arg_t *args)
{
	TRY(check(dnnl_primitive_execute(primitive, cpu.stream, n_args, args), "execution"));
	return check(dnnl_stream_wait(cpu.stream), "wait");
}

static dnnl_data_type_t data_type(int dtype)
{
	return dtype == DTYPE_BF16 ? dnnl_bf16 : dnnl_f32;
}

/* [N H W C] as the library names it: dims N C H W in format nhwc. */
static dnnl_memory_desc_t map_desc(int64_t n, int64_t c, int64_t h, int64_t w, int dtype)
{
	dnnl_memory_desc_t md;
	dnnl_memory_desc_init_by_tag(&md, 4, (dnnl_dims_t){ n, c, h, w }, data_type(dtype), dnnl_nhwc);
	return md;
}

/* The weights' dims; with groups they have one more. `plain` is the masters' layout, otherwise the library chooses. */
static dnnl_memory_desc_t weights_desc(const struct conv_geometry *g, dnnl_data_type_t type, bool plain)
{
	dnnl_memory_desc_t md;
	if (g->groups == 1) {
		dnnl_memory_desc_init_by_tag(&md, 4, (dnnl_dims_t){ g->co, g->ci, g->kh, g->kw }, type,
			plain ? dnnl_oihw : dnnl_format_tag_any);
	} else {
		dnnl_dims_t dims = { g->groups, g->co / g->groups, g->ci / g->groups, g->kh, g->kw };
		dnnl_memory_desc_init_by_tag(&md, 5, dims, type, plain ? dnnl_goihw : dnnl_format_tag_any);
	}
	return md;
}

static int make_reorder(dnnl_primitive_t *reorder, const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to, bool add)
{
	dnnl_primitive_attr_t attr = NULL;
	dnnl_post_ops_t post = NULL;
	dnnl_primitive_desc_t pd = NULL;
	dnnl_status_t s = dnnl_primitive_attr_create(&attr);
	if (s == dnnl_success)
		s = dnnl_post_ops_create(&post);
	if (s == dnnl_success && add)
		s = dnnl_post_ops_append_sum(post, 1.0f);
	if (s == dnnl_success)
		s = dnnl_primitive_attr_set_post_ops(attr, post);
	if (s == dnnl_success)
		s = dnnl_reorder_primitive_desc_create(&pd, from, cpu.engine, to, cpu.engine, attr);
	if (s == dnnl_success)
		s = dnnl_primitive_create(reorder, pd);
	dnnl_primitive_desc_destroy(pd);
	dnnl_post_ops_destroy(post);
	dnnl_primitive_attr_destroy(attr);
	return check(s, "reorder of weights");
}

/* Forward: ReLU after the sum. All: the scratch is ours to give. */
static dnnl_status_t make_attr(dnnl_primitive_attr_t *attr, bool relu)
{
	dnnl_post_ops_t post = NULL;
	dnnl_status_t s = dnnl_primitive_attr_create(attr);
	if (s == dnnl_success)
		s = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
	if (s == dnnl_success)
		s = dnnl_post_ops_create(&post);
	if (s == dnnl_success && relu)
		s = dnnl_post_ops_append_eltwise(post, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
	if (s == dnnl_success)
		s = dnnl_primitive_attr_set_post_ops(*attr, post);
	dnnl_post_ops_destroy(post);
	return s;
}

static dnnl_status_t init_desc(dnnl_convolution_desc_t *desc, enum conv_pass pass, const struct conv_geometry *g)
{
	dnnl_memory_desc_t x = map_desc(g->n, g->ci, g->h, g->w, g->dtype);
	dnnl_memory_desc_t y = map_desc(g->n, g->co, g->ho, g->wo, g->dtype);
	dnnl_memory_desc_t w = weights_desc(g, data_type(g->dtype), false), dw = weights_desc(g, dnnl_f32, false), b;
	dnnl_memory_desc_init_by_tag(&b, 1, (dnnl_dims_t){ g->co }, dnnl_f32, dnnl_a);
	dnnl_dims_t stride = { g->stride, g->stride }, dilation = { g->dilation - 1, g->dilation - 1 };
	dnnl_dims_t pad = { g->pad, g->pad };
	const dnnl_alg_kind_t direct = dnnl_convolution_direct;
	switch (pass) {
	case CONV_FORWARD:
		return dnnl_dilated_convolution_forward_desc_init(desc, dnnl_forward_training, direct, &x, &w,
			g->has_bias ? &b : NULL, &y, stride, dilation, pad, pad);
	case CONV_BACKWARD_DATA:
		return dnnl_dilated_convolution_backward_data_desc_init(desc, direct, &x, &w, &y, stride, dilation, pad, pad);
	default:
		return dnnl_dilated_convolution_backward_weights_desc_init(desc, direct, &x, &dw, NULL, &y, stride, dilation,
			pad, pad);
	}
}

/* The library's description of a pass; backward ones need the forward's as a hint. */
static dnnl_status_t make_primitive_desc(dnnl_primitive_desc_t *pd, enum conv_pass pass, const struct conv_geometry *g)
{
	dnnl_convolution_desc_t desc;
	dnnl_primitive_attr_t attr = NULL;
	dnnl_primitive_desc_t hint = NULL;
	dnnl_status_t s = dnnl_success;
	if (pass != CONV_FORWARD)
		s = make_primitive_desc(&hint, CONV_FORWARD, g);
	if (s == dnnl_success)
		s = init_desc(&desc, pass, g);
	if (s == dnnl_success)
		s = make_attr(&attr, pass == CONV_FORWARD && g->relu);
	if (s == dnnl_success)
		s = dnnl_primitive_desc_create(pd, &desc, attr, cpu.engine, hint);
	dnnl_primitive_attr_destroy(attr);
	dnnl_primitive_desc_destroy(hint);
	return s;
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
	dnnl_memory_desc_t plain = weights_desc(g, dnnl_f32, true);
	w = arena_calloc(&s->arena, 1, sizeof *w);
	void *data = arena_alloc(&s->arena, dnnl_memory_desc_get_size(md));
	if (w == NULL || data == NULL)
		return NULL;
	w->md = *md;
	w->next = s->weights;
	s->weights = w;	/* linked before it is whole, so that close() destroys what was made */
	if (make_memory(&w->memory, md, data) != 0 || make_reorder(&w->reorder, &plain, md, false) != 0)
		return NULL;
	return w;
}

static int plan_fill(struct onednn_state *s, struct plan *p, dnnl_primitive_desc_t pd)
{
	const struct conv_geometry *g = &p->g;
	dnnl_memory_desc_t x = map_desc(g->n, g->ci, g->h, g->w, g->dtype);
	dnnl_memory_desc_t y = map_desc(g->n, g->co, g->ho, g->wo, g->dtype);
	const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
	TRY(check(dnnl_primitive_create(&p->primitive, pd), "convolution"));
	TRY(make_memory(&p->src, &x, DNNL_MEMORY_NONE));
	TRY(make_memory(&p->dst, &y, DNNL_MEMORY_NONE));
	TRY(make_memory(&p->scratch, scratch, DNNL_MEMORY_NONE));
	p->scratch_bytes = dnnl_memory_desc_get_size(scratch);
	if (p->pass != CONV_BACKWARD_WEIGHTS) {
		p->weights = find_weights(s, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0), g);
		return p->weights == NULL ? -1 : 0;
	}
	const dnnl_memory_desc_t *dw = dnnl_primitive_desc_query_md(pd, dnnl_query_diff_weights_md, 0);
	dnnl_memory_desc_t plain = weights_desc(g, dnnl_f32, true);
	TRY(make_memory(&p->dw, dw, DNNL_MEMORY_NONE));
	p->dw_bytes = dnnl_memory_desc_get_size(dw);
	TRY(make_reorder(&p->collect[0], dw, &plain, false));
	return make_reorder(&p->collect[1], dw, &plain, true);
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
	int status = check(make_primitive_desc(&pd, pass, g), "convolution");
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
	pthread_once(&cpu.once, open_cpu);
	TRY(check(cpu.status, "start"));
	dnnl_memory_desc_t plain = weights_desc(g, dnnl_f32, true), bias;
	dnnl_memory_desc_init_by_tag(&bias, 1, (dnnl_dims_t){ g->co }, dnnl_f32, dnnl_a);
	if (s->masters == NULL)
		TRY(make_memory(&s->masters, &plain, DNNL_MEMORY_NONE));
	if (s->bias == NULL)
		TRY(make_memory(&s->bias, &bias, DNNL_MEMORY_NONE));
	return 0;
}

static int fill_weights(struct onednn_state *s, struct weights *w, const struct op_call *c)
{
	if (w->source == c->in[0].data && w->version == c->weights_version)
		return 0;
	TRY(set_data(s->masters, c->in[0].data));
	TRY(execute(w->reorder, 2, (dnnl_exec_arg_t[]){ { DNNL_ARG_FROM, s->masters }, { DNNL_ARG_TO, w->memory } }));
	w->source = c->in[0].data;
	w->version = c->weights_version;
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
		TRY(execute(p->primitive, g->has_bias ? 5 : 4, (dnnl_exec_arg_t[]){ { DNNL_ARG_SRC, p->src },
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
		TRY(execute(p->primitive, 4, (dnnl_exec_arg_t[]){ { DNNL_ARG_DIFF_SRC, p->src },
			{ DNNL_ARG_WEIGHTS, p->weights->memory }, { DNNL_ARG_DIFF_DST, p->dst },
			{ DNNL_ARG_SCRATCHPAD, p->scratch } }));
		if (to != dx->data)
			conv_add(dx->data, to, dx->dtype, tensor_count(dx));
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
		TRY(set_data(p->dw, dw));
		TRY(execute(p->primitive, 4, (dnnl_exec_arg_t[]){ { DNNL_ARG_SRC, p->src }, { DNNL_ARG_DIFF_DST, p->dst },
			{ DNNL_ARG_DIFF_WEIGHTS, p->dw }, { DNNL_ARG_SCRATCHPAD, p->scratch } }));
		TRY(execute(p->collect[add], 2, (dnnl_exec_arg_t[]){ { DNNL_ARG_FROM, p->dw }, { DNNL_ARG_TO, s->masters } }));
		add = true;
	}
	return 0;
}

static bool onednn_can(const struct conv_geometry *g)
{
	(void)g;
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
