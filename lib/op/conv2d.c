#include "op/conv2d.h"
#include "op/conv_backend.h"
#include "op/conv_plan.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

static const struct { const char *name; const struct conv_ops *ops; } backends[CONV_BACKENDS] = {
	[CONV_AUTO] = { "auto", NULL },
	[CONV_ONEDNN] = { "onednn", &conv_onednn },
	[CONV_OPENBLAS] = { "openblas", &conv_openblas },
	[CONV_WINOGRAD] = { "winograd", &conv_winograd },
	[CONV_GEMM] = { "gemm", &conv_gemm },
	[CONV_ONEDNN_GEMM] = { "onednn-gemm", &conv_onednn_gemm },
};

/* What a layer keeps between calls: the state of each backend it has used. */
struct conv_cache {
	void *state[CONV_BACKENDS];
};

int conv_backend_find(const char *name)
{
	for (int i = 0; i < CONV_BACKENDS; i++)
		if (strcmp(backends[i].name, name) == 0)
			return i;
	return err_set("conv2d: no backend '%s'; there are auto, onednn, openblas, winograd, gemm and onednn-gemm", name);
}

const struct conv_ops *conv_backend_ops(enum conv_backend b)
{
	return backends[b].ops;
}

struct conv_geometry conv_geometry_of(const struct op_call *c, int i)
{
	const struct conv2d_param *p = conv_param(c);
	const int64_t *w = c->in[0].dim, *x = c->in[2 + i].dim, *y = c->out[i].dim;
	struct conv_geometry g;
	memset(&g, 0, sizeof g);
	g.n = x[0], g.h = x[1], g.w = x[2], g.ci = x[3];
	g.ho = y[1], g.wo = y[2], g.co = w[0], g.kh = w[2], g.kw = w[3];
	g.stride = p->stride, g.pad = p->pad, g.dilation = p->dilation, g.groups = p->groups;
	g.dtype = (int32_t)c->in[2 + i].dtype;
	g.relu = p->relu, g.has_bias = p->has_bias;
	g.threads = omp_get_max_threads();
	return g;
}

static int check_weights(const struct op_call *c)
{
	const struct conv2d_param *p = conv_param(c);
	const struct tensor *w = &c->in[0], *b = &c->in[1];
	char text[96];
	if (p->stride < 1 || p->dilation < 1 || p->groups < 1 || p->pad < 0)
		return err_set("conv2d: stride %d, pad %d, dilation %d, groups %d", p->stride, p->pad, p->dilation, p->groups);
	if ((unsigned)p->backend >= CONV_BACKENDS)
		return err_set("conv2d: backend %d", (int)p->backend);
	if (p->n_maps < 1 || p->n_maps > CONV2D_MAX_MAPS || c->n_in != 2 + p->n_maps)
		return err_set("conv2d: %d maps and %d inputs", p->n_maps, c->n_in);
	if (w->dtype != DTYPE_F32 || w->rank != 4 || w->dim[0] % p->groups != 0)
		return err_set("conv2d: weight %s %s of %d groups; want f32 [Co Ci/groups Kh Kw]", dtype_name((int)w->dtype),
			tensor_shape_text(w, text), p->groups);
	if (p->has_bias && (b->dtype != DTYPE_F32 || b->rank != 1 || b->dim[0] != w->dim[0]))
		return err_set("conv2d: bias %s; want f32 [%d]", tensor_shape_text(b, text), (int)w->dim[0]);
	return 0;
}

static int check_map(const struct op_call *c, int i)
{
	const struct tensor *x = &c->in[2 + i], *w = &c->in[0];
	int groups = conv_param(c)->groups;
	char map[96], weight[96];
	if (x->rank != 4 || (x->dtype != DTYPE_F32 && x->dtype != DTYPE_BF16) || x->dtype != c->in[2].dtype)
		return err_set("conv2d: map %d is %s %s; want f32 or bf16 [N H W Ci]", i, dtype_name((int)x->dtype),
			tensor_shape_text(x, map));
	if (x->dim[3] != w->dim[1] * groups)
		return err_set("conv2d: map %s has not the channels of weight %s in %d groups", tensor_shape_text(x, map),
			tensor_shape_text(w, weight), groups);
	return 0;
}

static int conv2d_shape(struct op_call *c)
{
	const struct conv2d_param *p = conv_param(c);
	TRY(check_weights(c));
	c->n_out = p->n_maps;
	c->n_saved = 0;
	if (!p->relu)
		c->needs_out = 0;
	for (int i = 0; i < p->n_maps; i++) {
		TRY(check_map(c, i));
		const struct tensor *x = &c->in[2 + i], *w = &c->in[0];
		int64_t ho = conv_out_size(x->dim[1], w->dim[2], p->stride, p->pad, p->dilation);
		int64_t wo = conv_out_size(x->dim[2], w->dim[3], p->stride, p->pad, p->dilation);
		char text[96];
		if (ho < 1 || wo < 1 || x->dim[0] < 1)
			return err_set("conv2d: map %s is too small for the kernel", tensor_shape_text(x, text));
		c->out[i] = tensor_shape(x->dtype, 4, (int64_t[]){ x->dim[0], ho, wo, w->dim[0] });
	}
	struct conv_geometry g = conv_geometry_of(c, 0);
	const struct conv_ops *ops = backends[p->backend].ops;
	if (ops != NULL && !ops->can(&g))
		return err_set("conv2d: %s cannot do %s %dx%d kernels with stride %d, dilation %d, %d groups on this CPU; use auto",
			ops->name, dtype_name(g.dtype), (int)g.kh, (int)g.kw, g.stride, g.dilation, g.groups);
	return 0;
}

void *conv_prepared_room(struct conv_prepared *p, const struct op_call *c, size_t bytes, struct arena *own, bool *fill)
{
	*fill = true;
	if (c->weights_version == 0)
		return arena_alloc(c->scratch, bytes);
	if (p->data == NULL && (p->data = arena_alloc(own, bytes)) == NULL)
		return NULL;
	*fill = p->source != c->in[0].data || p->version != c->weights_version;
	p->source = c->in[0].data;
	p->version = c->weights_version;
	return p->data;
}

/* The layer's state of a backend, made at its first use. */
static void *state_of(struct conv_cache *cache, enum conv_backend b)
{
	if (cache->state[b] == NULL)
		cache->state[b] = backends[b].ops->open();
	return cache->state[b];
}

static void cache_close(struct conv_cache *cache)
{
	for (int b = 0; b < CONV_BACKENDS; b++)
		if (cache->state[b] != NULL)
			backends[b].ops->close(cache->state[b]);
}

static void conv2d_cache_free(void *cache)
{
	if (cache != NULL)
		cache_close(cache);
	free(cache);
}

int conv_pass_run(const struct conv_ops *ops, void *state, enum conv_pass pass, struct op_call *c,
	const struct conv_geometry *g, const struct tensor *dz)
{
	if (pass == CONV_FORWARD)
		return ops->forward(state, c, g);
	return (pass == CONV_BACKWARD_DATA ? ops->backward_data : ops->backward_weights)(state, c, g, dz);
}

/* Who computes a pass that is left to us: as the plan says, or by rule. */
static int choose(enum conv_backend *b, struct op_call *c, enum conv_pass pass, const struct conv_geometry *g,
	const struct tensor *dz)
{
	int n_maps = conv_param(c)->n_maps;
	struct conv_plan *plan = c->conv_plan;
	struct conv_plan_entry *e = plan == NULL ? NULL : conv_plan_find(plan, pass, g, n_maps);
	if (e == NULL && plan != NULL && plan->tuning) {
		e = conv_plan_add(plan, pass, g, n_maps);
		if (e == NULL || conv_plan_tune(plan, e, c, g, dz) != 0)
			return -1;
	}
	*b = e == NULL ? conv_pick(g, n_maps) : e->backend;
	if (e != NULL && plan->tuning)
		e->uses++;
	return 0;
}

/* Run one pass of a backend with the layer's cache, or with one that ends with the call. */
static int run(struct op_call *c, enum conv_pass pass, const struct conv_geometry *g, const struct tensor *dz)
{
	struct conv_cache own = { { NULL } }, *cache = &own;
	if (c->cache != NULL && *c->cache == NULL && (*c->cache = calloc(1, sizeof own)) == NULL)
		return err_set("conv2d: no memory for a layer's cache");
	if (c->cache != NULL)
		cache = *c->cache;
	const struct conv2d_param *p = conv_param(c);
	enum conv_backend b = p->backend;
	if (b == CONV_AUTO)
		TRY(choose(&b, c, pass, g, dz));
	void *state = state_of(cache, b);
	int status = state == NULL ? -1 : conv_pass_run(backends[b].ops, state, pass, c, g, dz);
	if (cache == &own)
		cache_close(cache);
	return status;
}

static void geometries(const struct op_call *c, struct conv_geometry *g)
{
	for (int i = 0; i < conv_param(c)->n_maps; i++)
		g[i] = conv_geometry_of(c, i);
}

static int conv2d_forward(struct op_call *c)
{
	struct conv_geometry g[CONV2D_MAX_MAPS];
	geometries(c, g);
	return run(c, CONV_FORWARD, g, NULL);
}

/* dz of every map and the gradient of the bias. */
static int mask_gradients(struct op_call *c, struct tensor *dz)
{
	const struct conv2d_param *p = conv_param(c);
	float *db = p->has_bias ? c->din[1].data : NULL;
	if (db != NULL && !conv_adds(c, 1))
		memset(db, 0, tensor_bytes(&c->din[1]));
	for (int i = 0; i < p->n_maps; i++) {
		const struct tensor *y = &c->out[i];
		dz[i] = c->dout[i];
		if (c->dout[i].data == NULL)
			continue;
		if (p->relu && (dz[i].data = arena_alloc(c->scratch, tensor_bytes(y))) == NULL)
			return -1;
		TRY(conv_mask_and_sum(dz[i].data, db, c->dout[i].data, p->relu ? y->data : NULL, y->dtype,
			tensor_count(y) / y->dim[3], y->dim[3], c->scratch));
	}
	return 0;
}

static void zero_unless_added(struct op_call *c, int i)
{
	if (c->din[i].data != NULL && !conv_adds(c, i))
		memset(c->din[i].data, 0, tensor_bytes(&c->din[i]));
}

static int conv2d_backward(struct op_call *c)
{
	const struct conv2d_param *p = conv_param(c);
	struct conv_geometry g[CONV2D_MAX_MAPS];
	struct tensor dz[CONV2D_MAX_MAPS];
	bool any_dz = false, any_dx = false;
	geometries(c, g);
	TRY(mask_gradients(c, dz));
	for (int i = 0; i < p->n_maps; i++) {
		any_dz |= dz[i].data != NULL;
		any_dx |= dz[i].data != NULL && c->din[2 + i].data != NULL;
		if (dz[i].data == NULL)
			zero_unless_added(c, 2 + i);
	}
	if (!any_dz)
		zero_unless_added(c, 0);
	else if (c->din[0].data != NULL)
		TRY(run(c, CONV_BACKWARD_WEIGHTS, g, dz));
	if (any_dx)
		TRY(run(c, CONV_BACKWARD_DATA, g, dz));
	return 0;
}

static double conv2d_flops(const struct op_call *c)
{
	double per_pixel = 2.0 * (double)tensor_count(&c->in[0]), flops = 0;
	for (int i = 0; i < c->n_out; i++)
		flops += per_pixel * (double)(tensor_count(&c->out[i]) / c->out[i].dim[3]);
	return flops;
}

const struct op op_conv2d = {
	.name = "conv2d",
	.shape = conv2d_shape,
	.forward = conv2d_forward,
	.backward = conv2d_backward,
	.reference = conv2d_reference,
	.reference_backward = conv2d_reference_backward,
	.flops = conv2d_flops,
	.cache_free = conv2d_cache_free,
	.can_add = (1u << (2 + CONV2D_MAX_MAPS)) - 1,
	.needs_in = ((1u << (2 + CONV2D_MAX_MAPS)) - 1) & ~2u,
	.needs_out = (1u << CONV2D_MAX_MAPS) - 1,
	.cases = conv2d_cases,
};
