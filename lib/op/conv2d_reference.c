/*
 * The definition of convolution and of its gradients, as loops over every product.
 * Sums are in double; what is stored is rounded once.
 */
#include "op/conv_backend.h"

static double load(const struct tensor *t, int64_t i)
{
	return t->dtype == DTYPE_BF16 ? bf16_to_f32(((const uint16_t *)t->data)[i]) : ((const float *)t->data)[i];
}

static void store(struct tensor *t, int64_t i, double v)
{
	if (t->dtype == DTYPE_BF16)
		((uint16_t *)t->data)[i] = f32_to_bf16((float)v);
	else
		((float *)t->data)[i] = (float)v;
}

/* The weight as the maps' dtype sees it. */
static double load_weight(const struct op_call *c, int64_t i)
{
	float w = ((const float *)c->in[0].data)[i];
	return c->in[2].dtype == DTYPE_BF16 ? bf16_to_f32(f32_to_bf16(w)) : w;
}

/* One product of the sum y[n ho wo co] = sum x * w: the indices that belong together drive forward and both gradients. */
struct product {
	int64_t y, x, w;
};

/* Input row (or column) under output row `o` and kernel row k; -1 in the padding. */
static int64_t source(const struct conv_geometry *g, int64_t o, int64_t k, int64_t limit)
{
	int64_t i = o * g->stride - g->pad + k * g->dilation;
	return i >= 0 && i < limit ? i : -1;
}

static void visit_pixel(const struct op_call *c, int map, const struct conv_geometry *g, int64_t n, int64_t ho, int64_t wo,
	int64_t co, void (*visit)(const struct op_call *c, int map, struct product p, void *context), void *context)
{
	int64_t ci_group = g->ci / g->groups, group = co / (g->co / g->groups);
	for (int64_t kh = 0; kh < g->kh; kh++)
		for (int64_t kw = 0; kw < g->kw; kw++) {
			int64_t h = source(g, ho, kh, g->h), w = source(g, wo, kw, g->w);
			if (h < 0 || w < 0)
				continue;
			for (int64_t ci = 0; ci < ci_group; ci++)
				visit(c, map, (struct product){
					.y = ((n * g->ho + ho) * g->wo + wo) * g->co + co,
					.x = ((n * g->h + h) * g->w + w) * g->ci + group * ci_group + ci,
					.w = ((co * ci_group + ci) * g->kh + kh) * g->kw + kw }, context);
		}
}

static void add_forward(const struct op_call *c, int map, struct product p, void *context)
{
	double *sum = context;
	*sum += load(&c->in[2 + map], p.x) * load_weight(c, p.w);
}

int conv2d_reference(struct op_call *c)
{
	const struct conv2d_param *param = conv_param(c);
	for (int map = 0; map < param->n_maps; map++) {
		struct conv_geometry g = conv_geometry_of(c, map);
		for (int64_t i = 0; i < tensor_count(&c->out[map]); i++) {
			int64_t co = i % g.co, wo = i / g.co % g.wo, ho = i / g.co / g.wo % g.ho, n = i / g.co / g.wo / g.ho;
			double sum = param->has_bias ? ((const float *)c->in[1].data)[co] : 0;
			visit_pixel(c, map, &g, n, ho, wo, co, add_forward, &sum);
			store(&c->out[map], i, param->relu && sum < 0 ? 0 : sum);
		}
	}
	return 0;
}

/* Where the gradients gather before they are rounded: w, then bias, then the map at hand. */
struct gradients {
	double dz;
	double *dw, *dx;
};

static void add_backward(const struct op_call *c, int map, struct product p, void *context)
{
	struct gradients *gradients = context;
	gradients->dw[p.w] += gradients->dz * load(&c->in[2 + map], p.x);
	gradients->dx[p.x] += gradients->dz * load_weight(c, p.w);
}

static void finish(struct op_call *c, int input, const double *value)
{
	struct tensor *t = &c->din[input];
	for (int64_t i = 0; t->data != NULL && i < tensor_count(t); i++)
		store(t, i, value[i] + (conv_adds(c, input) ? load(t, i) : 0));
}

int conv2d_reference_backward(struct op_call *c)
{
	const struct conv2d_param *param = conv_param(c);
	double *dw = arena_calloc(c->scratch, (size_t)tensor_count(&c->in[0]), sizeof *dw);
	double *db = arena_calloc(c->scratch, (size_t)c->in[0].dim[0], sizeof *db);
	if (dw == NULL || db == NULL)
		return -1;
	for (int map = 0; map < param->n_maps; map++) {
		struct conv_geometry g = conv_geometry_of(c, map);
		double *dx = arena_calloc(c->scratch, (size_t)tensor_count(&c->in[2 + map]), sizeof *dx);
		if (dx == NULL)
			return -1;
		for (int64_t i = 0; c->dout[map].data != NULL && i < tensor_count(&c->out[map]); i++) {
			int64_t co = i % g.co, wo = i / g.co % g.wo, ho = i / g.co / g.wo % g.ho, n = i / g.co / g.wo / g.ho;
			struct gradients gradients = { .dz = load(&c->dout[map], i), .dw = dw, .dx = dx };
			if (param->relu && !(load(&c->out[map], i) > 0))
				gradients.dz = 0;
			db[co] += gradients.dz;
			visit_pixel(c, map, &g, n, ho, wo, co, add_backward, &gradients);
		}
		finish(c, 2 + map, dx);
	}
	finish(c, 0, dw);
	finish(c, 1, db);
	return 0;
}
