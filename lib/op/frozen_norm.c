#include "op/frozen_norm.h"

#include "op/norm.h"
#include "op/relu.h"

#include <math.h>

enum { X, GAMMA, BETA, MEAN, VAR, RESIDUAL };

static int shape(struct op_call *c)
{
	static const char *const names[] = { "x", "gamma", "beta", "mean", "var" };
	const struct frozen_norm_param *p = c->param;
	TRY(map_check("frozen_norm", "x", &c->in[X]));
	TRY(norm_shape("frozen_norm", c, RESIDUAL, p->add, p->wide));
	for (int i = GAMMA; i <= VAR; i++)
		TRY(map_check_channels("frozen_norm", names[i], &c->in[i], c->in[X].dim[3]));
	if (!p->relu)
		c->needs_out = 0;
	c->n_saved = 0;
	return 0;
}

/* scale [C] in scratch. */
static float *scale_make(struct op_call *c)
{
	const struct frozen_norm_param *p = c->param;
	const float *gamma = c->in[GAMMA].data, *var = c->in[VAR].data;
	int64_t channels = c->in[X].dim[3];
	float *scale = arena_alloc(c->scratch, (size_t)channels * sizeof *scale);
	for (int64_t j = 0; scale != NULL && j < channels; j++)
		scale[j] = (float)(gamma[j] / sqrt((double)var[j] + p->eps));
	return scale;
}

static int forward(struct op_call *c)
{
	const struct frozen_norm_param *p = c->param;
	const struct tensor *x = &c->in[X];
	float *scale = scale_make(c);
	if (scale == NULL)
		return -1;
	int64_t channels = x->dim[3], rows = x->dim[0] * map_pixels(x);
	struct norm_table t = { .mean = c->in[MEAN].data, .scale = scale, .shift = c->in[BETA].data };
	int threads = map_threads((int64_t)tensor_bytes(x));
#pragma omp parallel num_threads(threads)
	{
		int64_t lo, hi;
		map_share(rows, &lo, &hi);
		struct norm_block k = {
			.rows = hi - lo, .c = channels, .x = map_at(x, lo * channels), .relu = p->relu,
		};
		norm_block_maps(&k, c, RESIDUAL, p->add, lo * channels);
		ISA_PICK(norm_apply)(&k, &t);
	}
	return 0;
}

static void backward_x(struct op_call *c, const float *scale)
{
	const struct frozen_norm_param *p = c->param;
	const struct tensor *dx = &c->din[X];
	int64_t channels = dx->dim[3], rows = dx->dim[0] * map_pixels(dx);
	const struct norm_table unused = { NULL, NULL, NULL };
	int threads = map_threads((int64_t)tensor_bytes(dx));
#pragma omp parallel num_threads(threads)
	{
		int64_t lo, hi;
		map_share(rows, &lo, &hi);
		int64_t at = lo * channels;
		struct norm_grad_block k = {
			.rows = hi - lo, .c = channels, .bf16 = dx->dtype == DTYPE_BF16,
			.dy = map_at(&c->dout[0], at), .y = map_at(&c->out[0], at), .a = scale,
			.dx = map_at(dx, at),
			.dresidual = p->add ? map_at(&c->din[RESIDUAL], at) : NULL,
			.dresidual_add = map_adds(c, RESIDUAL),
			.mask = p->relu ? NORM_MASK_Y : NORM_MASK_NONE,
		};
		ISA_PICK(norm_grad_apply)(&k, &unused);
	}
}

static int backward(struct op_call *c)
{
	const struct frozen_norm_param *p = c->param;
	if (c->dout[0].data == NULL) {
		map_zero_gradients(c);
		return 0;
	}
	if (c->din[X].data != NULL) {
		float *scale = scale_make(c);
		if (scale == NULL)
			return -1;
		backward_x(c, scale);
	} else if (p->add && c->din[RESIDUAL].data != NULL) {
		const struct tensor everywhere = { .data = NULL };
		relu_grad(&c->din[RESIDUAL], &c->dout[0], p->relu ? &c->out[0] : &everywhere, map_adds(c, RESIDUAL));
	}
	return 0;
}

static int reference(struct op_call *c)
{
	const struct frozen_norm_param *p = c->param;
	bool bf16 = c->in[X].dtype == DTYPE_BF16;
	const float *gamma = c->in[GAMMA].data, *beta = c->in[BETA].data;
	const float *mean = c->in[MEAN].data, *var = c->in[VAR].data;
	for (int64_t i = 0; i < tensor_count(&c->in[X]); i++) {
		int64_t j = i % c->in[X].dim[3];
		double y = (map_load(c->in[X].data, i, bf16) - mean[j]) / sqrt((double)var[j] + p->eps) * gamma[j] + beta[j];
		norm_reference_put(c, RESIDUAL, i, y, p->add, p->relu);
	}
	return 0;
}

static int reference_backward(struct op_call *c)
{
	const struct frozen_norm_param *p = c->param;
	bool bf16 = c->in[X].dtype == DTYPE_BF16;
	const float *gamma = c->in[GAMMA].data, *var = c->in[VAR].data;
	for (int64_t i = 0; i < tensor_count(&c->in[X]); i++) {
		int64_t j = i % c->in[X].dim[3];
		bool off = p->relu && map_load(c->out[0].data, i, bf16) <= 0;
		double dz = off ? 0 : map_load(c->dout[0].data, i, bf16);
		for (int k = X; k <= RESIDUAL; k += RESIDUAL - X) {
			if (k >= c->n_in || c->din[k].data == NULL)
				continue;
			double g = k == X ? dz * gamma[j] / sqrt((double)var[j] + p->eps) : dz;
			double old = map_adds(c, k) ? map_load(c->din[k].data, i, bf16) : 0;
			map_store(c->din[k].data, i, (float)(old + g), bf16);
		}
	}
	return 0;
}

static double flops(const struct op_call *c)
{
	const struct frozen_norm_param *p = c->param;
	return (double)tensor_count(&c->in[X]) * (3 + p->relu + p->add);
}

/* A variance is positive. */
static void fill(struct op_call *c)
{
	float *var = c->in[VAR].data;
	for (int64_t j = 0; j < c->in[VAR].dim[0]; j++)
		var[j] = 0.1f + fabsf(var[j]);
}

static const struct frozen_norm_param plain = { .eps = 1e-5f };
static const struct frozen_norm_param with_relu = { .eps = 0, .relu = true };
static const struct frozen_norm_param with_add = { .eps = 1e-5f, .relu = true, .add = true };
static const struct frozen_norm_param add_only = { .eps = 1e-5f, .add = true };
static const struct frozen_norm_param wide_relu = { .eps = 1e-5f, .relu = true, .wide = true };
static const struct frozen_norm_param wide_add = { .eps = 1e-5f, .relu = true, .add = true, .wide = true };

#define CASE(title, par, inputs, n, h, w, ch) \
	.name = title, .param = par, .n_in = inputs, .rank = { 4, 1, 1, 1, 1, inputs >= 6 ? 4 : 0, inputs == 7 ? 4 : 0 }, \
	.dim = { { n, h, w, ch }, { ch }, { ch }, { ch }, { ch }, { n, h, w, ch }, { n, h, w, ch } }, \
	.f32_mask = 0x5e, .no_gradient_mask = 0x5e, .no_slope_mask = inputs == 7 ? 0x20 : 0, .fill = fill

static const struct op_case cases[] = {
	{ CASE("plain", &plain, 5, 2, 5, 7, 64) },
	{ CASE("relu, odd channels", &with_relu, 5, 3, 5, 3, 19) },
	{ CASE("add relu", &with_add, 6, 3, 9, 5, 48) },
	{ CASE("add", &add_only, 6, 1, 1, 1, 256) },
	{ CASE("wide", &wide_relu, 5, 2, 3, 7, 32) },
	{ CASE("wide residual", &with_add, 7, 2, 3, 7, 19) },
	{ CASE("wide residual, wide", &wide_add, 7, 2, 9, 7, 48) },
	{ CASE("res5", &with_add, 6, 2, 8, 8, 2048), .bench = true },
	{ CASE("stem", &with_relu, 5, 1, 64, 64, 64), .bench = true },
	{ .name = NULL },
};

const struct op op_frozen_norm = {
	.name = "frozen_norm", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward, .flops = flops,
	.can_add = 1 << RESIDUAL, .needs_in = 1 << GAMMA | 1 << VAR, .needs_out = 1, .cases = cases,
};
