#include "op/batch_norm.h"

#include "op/norm.h"
#include "op/relu.h"

#include <math.h>

enum { X, GAMMA, BETA, MEAN, VAR, RESIDUAL };

static int shape(struct op_call *c)
{
	static const char *const names[] = { "x", "gamma", "beta", "running_mean", "running_var" };
	const struct batch_norm_param *p = c->param;
	const struct tensor *x = &c->in[X];
	TRY(map_check("batch_norm", "x", x));
	TRY(norm_shape("batch_norm", c, RESIDUAL, p->add, p->wide));
	for (int i = GAMMA; i <= VAR; i++)
		TRY(map_check_channels("batch_norm", names[i], &c->in[i], x->dim[3]));
	if (c->training && x->dim[0] * map_pixels(x) == 1)
		return err_set("batch_norm: one value per channel has no variance; train on more images or a larger map");
	if (!(p->relu && p->add))
		c->needs_out = 0;
	c->n_saved = 2;
	for (int i = 0; i < 2; i++)
		c->saved[i] = tensor_shape(DTYPE_F32, 1, &x->dim[3]);
	return 0;
}

/* What the phases of one call share. */
struct work {
	struct op_call *c;
	const struct batch_norm_param *p;
	struct norm_plan plan;
	int64_t items;	/* blocks of all images */
	double count;	/* values per channel */
	float *partial;	/* sums of the blocks: [items 3 C] */
	double *sum, *square;	/* [C] over all blocks; backward: of dz and dz*(x - mean) */
	float *scale;	/* [C] gamma*rstd */
	float *b, *d;	/* backward: [C] of norm_grad_block */
	struct norm_table table;
};

static int work_init(struct work *w, struct op_call *c)
{
	struct norm_plan plan = norm_plan_make(&c->in[X], 1);
	plan.threads = map_threads((int64_t)tensor_bytes(&c->in[X]));
	*w = (struct work){ .c = c, .p = c->param, .plan = plan, .items = plan.images * plan.blocks };
	w->count = (double)(plan.images * plan.pixels);
	w->partial = arena_alloc(c->scratch, (size_t)(w->items * 3 * plan.c) * sizeof(float));
	w->sum = arena_calloc(c->scratch, (size_t)plan.c * 2, sizeof(double));
	w->scale = arena_alloc(c->scratch, (size_t)plan.c * 3 * sizeof(float));
	if (w->partial == NULL || w->sum == NULL || w->scale == NULL)
		return -1;
	w->square = w->sum + plan.c;
	w->b = w->scale + plan.c;
	w->d = w->b + plan.c;
	w->table = (struct norm_table){ c->saved[0].data, w->scale, c->in[BETA].data };
	return 0;
}

/* The same bits in forward and backward. */
static void fill_scale(const struct work *w)
{
	const float *gamma = w->c->in[GAMMA].data, *rstd = w->c->saved[1].data;
	for (int64_t j = 0; j < w->plan.c; j++)
		w->scale[j] = rstd[j] * gamma[j];
}

/* By all threads, each its channels; blocks are added in their order. */
static void combine_sums(const struct work *w)
{
	int64_t channels = w->plan.c, lo, hi;
	map_share(channels, &lo, &hi);
	for (int64_t i = 0; i < w->items; i++) {
		int64_t image, pixel;
		double rows = (double)norm_plan_block(&w->plan, 0, i, &image, &pixel);
		const float *shift = w->partial + i * 3 * channels;
		for (int64_t j = lo; j < hi; j++) {
			double m = shift[j], s = shift[channels + j];
			w->sum[j] += rows * m + s;
			w->square[j] += shift[2 * channels + j] + 2 * m * s + rows * m * m;
		}
	}
}

static void batch_statistics(const struct work *w)
{
	struct op_call *c = w->c;
	float *mean = c->saved[0].data, *rstd = c->saved[1].data;
	float *running_mean = c->in[MEAN].data, *running_var = c->in[VAR].data;
	double momentum = w->p->momentum;
#pragma omp parallel num_threads(w->plan.threads)
	{
		int64_t lo, hi;
		map_share(w->items, &lo, &hi);
		for (int64_t i = lo; i < hi; i++) {
			int64_t image, pixel, rows = norm_plan_block(&w->plan, 0, i, &image, &pixel);
			float *sums = w->partial + i * 3 * w->plan.c;
			ISA_PICK(norm_sums)(sums, sums + w->plan.c, sums + 2 * w->plan.c,
					    map_at(&c->in[X], pixel * w->plan.c), rows, w->plan.c, w->plan.bf16);
		}
#pragma omp barrier
		combine_sums(w);
	}
	for (int64_t j = 0; j < w->plan.c; j++) {
		double m = w->sum[j] / w->count, v = w->square[j] / w->count - m * m;
		v = v < 0 ? 0 : v;
		mean[j] = (float)m;
		rstd[j] = (float)(1 / sqrt(v + w->p->eps));
		running_mean[j] = (float)((1 - momentum) * running_mean[j] + momentum * m);
		running_var[j] = (float)((1 - momentum) * running_var[j] + momentum * v * w->count / (w->count - 1));
	}
}

static void running_statistics(const struct work *w)
{
	const float *running_mean = w->c->in[MEAN].data, *running_var = w->c->in[VAR].data;
	float *mean = w->c->saved[0].data, *rstd = w->c->saved[1].data;
	for (int64_t j = 0; j < w->plan.c; j++) {
		mean[j] = running_mean[j];
		rstd[j] = (float)(1 / sqrt((double)running_var[j] + w->p->eps));
	}
}

static int forward(struct op_call *c)
{
	struct work w;
	TRY(work_init(&w, c));
	if (c->training)
		batch_statistics(&w);
	else
		running_statistics(&w);
	fill_scale(&w);
#pragma omp parallel num_threads(w.plan.threads)
	{
		int64_t lo, hi, image, pixel;
		map_share(w.items, &lo, &hi);
		/* Last block first: it is the one still in the cache. */
		for (int64_t i = hi - 1; i >= lo; i--) {
			int64_t rows = norm_plan_block(&w.plan, 0, i, &image, &pixel), at = pixel * w.plan.c;
			struct norm_block k = {
				.rows = rows, .c = w.plan.c, .x = map_at(&c->in[X], at), .relu = w.p->relu,
			};
			norm_block_maps(&k, c, RESIDUAL, w.p->add, at);
			ISA_PICK(norm_apply)(&k, &w.table);
		}
	}
	return 0;
}

static struct norm_grad_block grad_block(const struct work *w, int64_t item)
{
	struct op_call *c = w->c;
	int64_t image, pixel, rows = norm_plan_block(&w->plan, 0, item, &image, &pixel), at = pixel * w->plan.c;
	return (struct norm_grad_block){
		.rows = rows, .c = w->plan.c, .bf16 = w->plan.bf16,
		.dy = map_at(&c->dout[0], at), .x = map_at(&c->in[X], at), .y = map_at(&c->out[0], at),
		.dx = map_at(&c->din[X], at),
		.dresidual = w->p->add ? map_at(&c->din[RESIDUAL], at) : NULL, .dresidual_add = map_adds(c, RESIDUAL),
		.mask = !w->p->relu ? NORM_MASK_NONE : w->p->add ? NORM_MASK_Y : NORM_MASK_X,
		.a = w->scale, .b = c->training ? w->b : NULL, .d = w->d,
	};
}

/* sum = sum of dz, square = sum of dz*(x - mean). */
static void gradient_sums(const struct work *w)
{
	int64_t channels = w->plan.c, lo, hi;
	map_share(w->items, &lo, &hi);
	for (int64_t i = lo; i < hi; i++) {
		struct norm_grad_block k = grad_block(w, i);
		float *sums = w->partial + i * 3 * channels;
		ISA_PICK(norm_grad_sums)(sums, sums + channels, &k, &w->table);
	}
#pragma omp barrier
	map_share(channels, &lo, &hi);
	for (int64_t i = 0; i < w->items; i++) {
		const float *sums = w->partial + i * 3 * channels;
		for (int64_t j = lo; j < hi; j++) {
			w->sum[j] += sums[j];
			w->square[j] += sums[channels + j];
		}
	}
}

/*
 * With S = sum dz, P = sum dz*(x - mean), m values a channel:
 *   dx = gamma*rstd*(dz - S/m - rstd^2*P/m*(x - mean)), with running statistics gamma*rstd*dz
 *   dgamma = rstd*P, dbeta = S
 */
static void fill_coefficients(const struct work *w)
{
	const float *rstd = w->c->saved[1].data;
	for (int64_t j = 0; j < w->plan.c; j++) {
		double r = rstd[j];
		w->b[j] = (float)(-w->scale[j] * r * r * w->square[j] / w->count);
		w->d[j] = (float)(-w->scale[j] * w->sum[j] / w->count);
		w->square[j] *= r;
	}
}

static int backward(struct op_call *c)
{
	struct work w;
	if (c->dout[0].data == NULL) {
		map_zero_gradients(c);
		return 0;
	}
	TRY(work_init(&w, c));
	fill_scale(&w);
#pragma omp parallel num_threads(w.plan.threads)
	{
		gradient_sums(&w);
#pragma omp barrier
#pragma omp single
		fill_coefficients(&w);
		int64_t lo, hi;
		map_share(w.items, &lo, &hi);
		for (int64_t i = hi - 1; i >= lo && c->din[X].data != NULL; i--) {
			struct norm_grad_block k = grad_block(&w, i);
			ISA_PICK(norm_grad_apply)(&k, &w.table);
		}
	}
	norm_put_gradient(&c->din[GAMMA], w.square, map_adds(c, GAMMA));
	norm_put_gradient(&c->din[BETA], w.sum, map_adds(c, BETA));
	if (w.p->add && c->din[X].data == NULL && c->din[RESIDUAL].data != NULL) {
		const struct tensor everywhere = { .data = NULL };
		relu_grad(&c->din[RESIDUAL], &c->dout[0], w.p->relu ? &c->out[0] : &everywhere, map_adds(c, RESIDUAL));
	}
	return 0;
}

/* Statistics of one channel by the definition, and what becomes of the running ones. */
static void reference_statistics(struct op_call *c, int64_t j, double *mean, double *var)
{
	const struct batch_norm_param *p = c->param;
	float *running_mean = c->in[MEAN].data, *running_var = c->in[VAR].data;
	const struct tensor *x = &c->in[X];
	int64_t channels = x->dim[3], n = tensor_count(x) / channels;
	*mean = running_mean[j];
	*var = running_var[j];
	if (!c->training)
		return;
	double sum = 0, square = 0;
	for (int64_t i = 0; i < n; i++)
		sum += map_load(x->data, i * channels + j, x->dtype == DTYPE_BF16);
	*mean = sum / (double)n;
	for (int64_t i = 0; i < n; i++)
		square += pow(map_load(x->data, i * channels + j, x->dtype == DTYPE_BF16) - *mean, 2);
	*var = square / (double)n;
	running_mean[j] += p->momentum * ((float)*mean - running_mean[j]);
	running_var[j] += p->momentum * ((float)(square / (double)(n - 1)) - running_var[j]);
}

static int reference(struct op_call *c)
{
	const struct batch_norm_param *p = c->param;
	const struct tensor *x = &c->in[X];
	bool bf16 = x->dtype == DTYPE_BF16;
	const float *gamma = c->in[GAMMA].data, *beta = c->in[BETA].data;
	for (int64_t j = 0; j < x->dim[3]; j++) {
		double mean, var;
		reference_statistics(c, j, &mean, &var);
		((float *)c->saved[0].data)[j] = (float)mean;
		((float *)c->saved[1].data)[j] = (float)(1 / sqrt(var + p->eps));
		for (int64_t i = j; i < tensor_count(x); i += x->dim[3]) {
			double y = (map_load(x->data, i, bf16) - mean) / sqrt(var + p->eps) * gamma[j] + beta[j];
			norm_reference_put(c, RESIDUAL, i, y, p->add, p->relu);
		}
	}
	return 0;
}

/* One channel by the chain rule; saved mean and rstd are the forward's. */
static void reference_channel(const struct op_call *c, double *sum, int64_t j)
{
	const struct batch_norm_param *p = c->param;
	const struct tensor *x = &c->in[X];
	bool bf16 = x->dtype == DTYPE_BF16;
	int64_t channels = x->dim[3];
	double gamma = ((float *)c->in[GAMMA].data)[j], mean = ((float *)c->saved[0].data)[j];
	double rstd = ((float *)c->saved[1].data)[j], count = (double)(tensor_count(x) / channels);
	for (int pass = 0; pass < 2; pass++) {
		for (int64_t i = j; i < tensor_count(x); i += channels) {
			bool off = p->relu && map_load(c->out[0].data, i, bf16) <= 0;
			double dz = off ? 0 : map_load(c->dout[0].data, i, bf16);
			double unit = (map_load(x->data, i, bf16) - mean) * rstd;
			double through = c->training ? (sum[channels + j] + unit * sum[j]) / count : 0;
			if (pass == 0) {
				sum[j] += dz * unit;
				sum[channels + j] += dz;
				continue;
			}
			if (c->din[X].data != NULL)
				map_store(c->din[X].data, i, (float)(gamma * rstd * (dz - through)), bf16);
			if (p->add && c->din[RESIDUAL].data != NULL)
				map_store(c->din[RESIDUAL].data, i, (float)dz, bf16);
		}
	}
}

static int reference_backward(struct op_call *c)
{
	int64_t channels = c->in[X].dim[3];
	double *sum = arena_calloc(c->scratch, (size_t)(2 * channels), sizeof *sum);
	if (sum == NULL)
		return -1;
	for (int64_t j = 0; j < channels; j++)
		reference_channel(c, sum, j);
	norm_put_gradient(&c->din[GAMMA], sum, false);
	norm_put_gradient(&c->din[BETA], sum + channels, false);
	return 0;
}

static double flops(const struct op_call *c)
{
	const struct batch_norm_param *p = c->param;
	return (double)tensor_count(&c->in[X]) * ((c->training ? 8 : 3) + p->relu + p->add);
}

/* A variance is positive. */
static void fill(struct op_call *c)
{
	float *var = c->in[VAR].data;
	for (int64_t j = 0; j < c->in[VAR].dim[0]; j++)
		var[j] = 0.1f + fabsf(var[j]);
}

static const struct batch_norm_param plain = { .eps = 1e-5f, .momentum = 0.1f };
static const struct batch_norm_param with_relu = { .eps = 1e-5f, .momentum = 0.1f, .relu = true };
static const struct batch_norm_param with_add = { .eps = 1e-5f, .momentum = 0.1f, .relu = true, .add = true };
static const struct batch_norm_param with_wide = { .eps = 1e-5f, .momentum = 0.1f, .add = true, .wide = true };
static const struct batch_norm_param add_only = { .eps = 1e-3f, .momentum = 0.003f, .add = true };

#define CASE(title, par, inputs, train, n, h, w, ch) \
	.name = title, .param = par, .n_in = inputs, .rank = { 4, 1, 1, 1, 1, inputs >= 6 ? 4 : 0, inputs == 7 ? 4 : 0 }, \
	.dim = { { n, h, w, ch }, { ch }, { ch }, { ch }, { ch }, { n, h, w, ch }, { n, h, w, ch } }, \
	.f32_mask = 0x5e, .no_gradient_mask = 0x58, .no_slope_mask = inputs == 7 ? 0x20 : 0, .training = train, .fill = fill

static const struct op_case cases[] = {
	{ CASE("plain", &plain, 5, true, 2, 5, 7, 64) },
	{ CASE("relu, odd channels", &with_relu, 5, true, 3, 5, 3, 19) },
	{ CASE("add relu", &with_add, 6, true, 3, 9, 5, 48) },
	{ CASE("add", &add_only, 6, true, 3, 4, 6, 16) },
	{ CASE("wide residual, wide", &with_wide, 7, true, 2, 4, 6, 33) },
	{ CASE("one pixel", &plain, 5, true, 3, 1, 1, 256) },
	{ CASE("many blocks", &with_add, 6, true, 3, 33, 37, 64) },
	{ CASE("evaluation", &plain, 5, false, 1, 1, 1, 5) },
	{ CASE("evaluation, relu", &with_relu, 5, false, 2, 3, 5, 64) },
	{ CASE("evaluation, add relu", &with_add, 6, false, 2, 3, 5, 21) },
	{ CASE("res5", &with_add, 6, true, 2, 8, 8, 2048), .bench = true },
	{ CASE("stem", &with_relu, 5, true, 1, 64, 64, 64), .bench = true },
	{ .name = NULL },
};

const struct op op_batch_norm = {
	.name = "batch_norm", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward, .flops = flops,
	.can_add = 1 << GAMMA | 1 << BETA | 1 << RESIDUAL,
	.needs_in = 1 << X | 1 << GAMMA | 1 << BETA, .needs_out = 1, .cases = cases,
};
