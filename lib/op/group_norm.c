#include "op/group_norm.h"

#include "op/norm.h"
#include "op/relu.h"

#include <math.h>

enum { X, GAMMA, BETA, RESIDUAL };

static int shape(struct op_call *c)
{
	const struct group_norm_param *p = c->param;
	TRY(map_check("group_norm", "x", &c->in[X]));
	TRY(norm_shape("group_norm", c, RESIDUAL, p->add, p->wide));
	int64_t channels = c->in[X].dim[3];
	TRY(map_check_channels("group_norm", "gamma", &c->in[GAMMA], channels));
	TRY(map_check_channels("group_norm", "beta", &c->in[BETA], channels));
	if (p->groups < 1 || channels % p->groups != 0)
		return err_set("group_norm: %d groups do not divide %lld channels", p->groups, (long long)channels);
	if (!(p->relu && p->add))
		c->needs_out = 0;
	c->n_saved = 2;
	for (int i = 0; i < 2; i++)
		c->saved[i] = tensor_shape(DTYPE_F32, 2, (int64_t[]){ c->in[X].dim[0], p->groups });
	return 0;
}

/* What the phases of one call share. */
struct work {
	struct op_call *c;
	const struct group_norm_param *p;
	struct norm_plan plan;
	float *partial;	/* sums of the blocks under way: [batch blocks 3 C] */
	float *table;	/* [N 3 C] mean, scale, shift */
	float *coefficient;	/* backward, of the images under way: [batch 3 C] a, b, d of norm_grad_block */
	double *dgamma, *dbeta;	/* backward: [C] over all images */
};

static int work_init(struct work *w, struct op_call *c, bool backward)
{
	struct norm_plan plan = norm_plan_make(&c->in[X], backward ? 4 : 2);
	*w = (struct work){ .c = c, .p = c->param, .plan = plan };
	size_t row = (size_t)plan.c * sizeof(float), batch = (size_t)plan.batch;
	w->partial = arena_alloc(c->scratch, batch * (size_t)plan.blocks * 3 * row);
	w->table = arena_alloc(c->scratch, (size_t)plan.images * 3 * row);
	if (w->partial == NULL || w->table == NULL)
		return -1;
	if (!backward)
		return 0;
	w->coefficient = arena_alloc(c->scratch, batch * 3 * row);
	w->dgamma = arena_calloc(c->scratch, (size_t)plan.c * 2, sizeof *w->dgamma);
	if (w->coefficient == NULL || w->dgamma == NULL)
		return -1;
	w->dbeta = w->dgamma + plan.c;
	return 0;
}

static struct norm_table table_of(const struct work *w, int64_t image)
{
	const float *t = w->table + image * 3 * w->plan.c;
	return (struct norm_table){ t, t + w->plan.c, t + 2 * w->plan.c };
}

/* Fill the tables of one group from the saved statistics; the same bits in forward and backward. */
static void fill_table(const struct work *w, int64_t image, int64_t group)
{
	const struct op_call *c = w->c;
	int64_t channels = w->plan.c, width = channels / w->p->groups;
	const float *gamma = c->in[GAMMA].data, *beta = c->in[BETA].data;
	int64_t s = image * w->p->groups + group;
	float mean = ((float *)c->saved[0].data)[s], rstd = ((float *)c->saved[1].data)[s];
	float *t = w->table + image * 3 * channels;
	for (int64_t j = group * width; j < (group + 1) * width; j++) {
		t[j] = mean;
		t[channels + j] = rstd * gamma[j];
		t[2 * channels + j] = beta[j];
	}
}

/* Mean and rstd of one group from the sums of its blocks, in the order of the blocks. */
static void combine_forward(const struct work *w, int64_t first, int64_t i, int64_t group)
{
	int64_t channels = w->plan.c, width = channels / w->p->groups;
	double total = 0, square = 0;
	for (int64_t block = 0; block < w->plan.blocks; block++) {
		const float *shift = w->partial + (i * w->plan.blocks + block) * 3 * channels;
		int64_t image, pixel;
		double rows = (double)norm_plan_block(&w->plan, first, i * w->plan.blocks + block, &image, &pixel);
		for (int64_t j = group * width; j < (group + 1) * width; j++) {
			double m = shift[j], s = shift[channels + j];
			total += rows * m + s;
			square += shift[2 * channels + j] + 2 * m * s + rows * m * m;
		}
	}
	double count = (double)(w->plan.pixels * width), mean = total / count;
	double variance = square / count - mean * mean;
	int64_t s = (first + i) * w->p->groups + group;
	((float *)w->c->saved[0].data)[s] = (float)mean;
	((float *)w->c->saved[1].data)[s] = (float)(1 / sqrt((variance < 0 ? 0 : variance) + w->p->eps));
	fill_table(w, first + i, group);
}

static void apply_block(const struct work *w, int64_t first, int64_t item)
{
	const struct op_call *c = w->c;
	int64_t image, pixel, rows = norm_plan_block(&w->plan, first, item, &image, &pixel);
	int64_t at = pixel * w->plan.c;
	struct norm_block k = {
		.rows = rows, .c = w->plan.c, .x = map_at(&c->in[X], at), .relu = w->p->relu,
	};
	norm_block_maps(&k, c, RESIDUAL, w->p->add, at);
	struct norm_table t = table_of(w, image);
	ISA_PICK(norm_apply)(&k, &t);
}

static int forward(struct op_call *c)
{
	struct work w;
	TRY(work_init(&w, c, false));
	const struct norm_plan *p = &w.plan;
#pragma omp parallel num_threads(p->threads)
	for (int64_t first = 0; first < p->images; first += p->batch) {
		int64_t n = p->images - first < p->batch ? p->images - first : p->batch, lo, hi;
		map_share(n * p->blocks, &lo, &hi);
		for (int64_t i = lo; i < hi; i++) {
			int64_t image, pixel, rows = norm_plan_block(p, first, i, &image, &pixel);
			float *sums = w.partial + i * 3 * p->c;
			ISA_PICK(norm_sums)(sums, sums + p->c, sums + 2 * p->c, map_at(&c->in[X], pixel * p->c),
					    rows, p->c, p->bf16);
		}
#pragma omp barrier
#pragma omp for
		for (int64_t i = 0; i < n * w.p->groups; i++)
			combine_forward(&w, first, i / w.p->groups, i % w.p->groups);
		/* Last block first: it is the one still in the cache. */
		for (int64_t i = hi - 1; i >= lo; i--)
			apply_block(&w, first, i);
	}
	return 0;
}

static struct norm_grad_block grad_block(const struct work *w, int64_t first, int64_t item, int64_t *image)
{
	struct op_call *c = w->c;
	int64_t pixel, rows = norm_plan_block(&w->plan, first, item, image, &pixel), at = pixel * w->plan.c;
	const float *a = w->coefficient + (*image - first) * 3 * w->plan.c;
	return (struct norm_grad_block){
		.rows = rows, .c = w->plan.c, .bf16 = w->plan.bf16,
		.dy = map_at(&c->dout[0], at), .x = map_at(&c->in[X], at), .y = map_at(&c->out[0], at),
		.dx = map_at(&c->din[X], at),
		.dresidual = w->p->add ? map_at(&c->din[RESIDUAL], at) : NULL, .dresidual_add = map_adds(c, RESIDUAL),
		.mask = !w->p->relu ? NORM_MASK_NONE : w->p->add ? NORM_MASK_Y : NORM_MASK_X,
		.a = a, .b = a + w->plan.c, .d = a + 2 * w->plan.c,
	};
}

/*
 * With sums over the group, S = sum gamma*dz, P = sum gamma*dz*(x - mean), m values in it:
 *   dx = rstd*gamma*dz - rstd^3*P/m*(x - mean) - rstd*S/m
 *   dgamma = rstd * sum dz*(x - mean), dbeta = sum dz, over all images.
 */
static void combine_backward(const struct work *w, int64_t first, int64_t i, int64_t group)
{
	int64_t channels = w->plan.c, width = channels / w->p->groups, from = group * width;
	const float *gamma = w->c->in[GAMMA].data;
	double rstd = ((float *)w->c->saved[1].data)[(first + i) * w->p->groups + group];
	double group_sum = 0, group_product = 0;
	for (int64_t j = from; j < from + width; j++) {
		double sum = 0, product = 0;
		for (int64_t block = 0; block < w->plan.blocks; block++) {
			const float *partial = w->partial + (i * w->plan.blocks + block) * 3 * channels;
			sum += partial[j];
			product += partial[channels + j];
		}
		group_sum += gamma[j] * sum;
		group_product += gamma[j] * product;
		w->dbeta[j] += sum;
		w->dgamma[j] += rstd * product;
	}
	double count = (double)(w->plan.pixels * width);
	float *a = w->coefficient + i * 3 * channels;
	for (int64_t j = from; j < from + width; j++) {
		a[j] = (float)(rstd * gamma[j]);
		a[channels + j] = (float)(-rstd * rstd * rstd * group_product / count);
		a[2 * channels + j] = (float)(-rstd * group_sum / count);
	}
}

static void backward_batch(const struct work *w, int64_t first)
{
	const struct norm_plan *p = &w->plan;
	int64_t n = p->images - first < p->batch ? p->images - first : p->batch, lo, hi, image;
	int groups = w->p->groups;
	map_share(n * p->blocks, &lo, &hi);
	for (int64_t i = lo; i < hi; i++) {
		struct norm_grad_block k = grad_block(w, first, i, &image);
		struct norm_table t = table_of(w, image);
		float *sums = w->partial + i * 3 * p->c;
		ISA_PICK(norm_grad_sums)(sums, sums + p->c, &k, &t);
	}
#pragma omp barrier
	/* A group's images in order by one thread: it owns the group's dgamma and dbeta. */
#pragma omp for
	for (int64_t group = 0; group < groups; group++)
		for (int64_t i = 0; i < n; i++)
			combine_backward(w, first, i, group);
	for (int64_t i = hi - 1; i >= lo && w->c->din[X].data != NULL; i--) {
		struct norm_grad_block k = grad_block(w, first, i, &image);
		struct norm_table t = table_of(w, image);
		ISA_PICK(norm_grad_apply)(&k, &t);
	}
}

static int backward(struct op_call *c)
{
	struct work w;
	if (c->dout[0].data == NULL) {
		map_zero_gradients(c);
		return 0;
	}
	TRY(work_init(&w, c, true));
#pragma omp parallel num_threads(w.plan.threads)
	{
#pragma omp for
		for (int64_t i = 0; i < w.plan.images * w.p->groups; i++)
			fill_table(&w, i / w.p->groups, i % w.p->groups);
		for (int64_t first = 0; first < w.plan.images; first += w.plan.batch)
			backward_batch(&w, first);
	}
	norm_put_gradient(&c->din[GAMMA], w.dgamma, map_adds(c, GAMMA));
	norm_put_gradient(&c->din[BETA], w.dbeta, map_adds(c, BETA));
	if (w.p->add && c->din[X].data == NULL && c->din[RESIDUAL].data != NULL) {
		const struct tensor everywhere = { .data = NULL };
		relu_grad(&c->din[RESIDUAL], &c->dout[0], w.p->relu ? &c->out[0] : &everywhere, map_adds(c, RESIDUAL));
	}
	return 0;
}

/* Definition of one group: its mean and 1/sqrt(var + eps). */
static void reference_statistics(const struct op_call *c, int64_t image, int64_t group, double *mean, double *rstd)
{
	const struct group_norm_param *p = c->param;
	const struct tensor *x = &c->in[X];
	int64_t channels = x->dim[3], width = channels / p->groups, pixels = map_pixels(x);
	double count = (double)(pixels * width), sum = 0, square = 0;
	for (int64_t i = 0; i < pixels * width; i++)
		sum += map_load(x->data, (image * pixels + i / width) * channels + group * width + i % width,
				x->dtype == DTYPE_BF16);
	*mean = sum / count;
	for (int64_t i = 0; i < pixels * width; i++) {
		double d = map_load(x->data, (image * pixels + i / width) * channels + group * width + i % width,
				    x->dtype == DTYPE_BF16) - *mean;
		square += d * d;
	}
	*rstd = 1 / sqrt(square / count + p->eps);
}

static int reference(struct op_call *c)
{
	const struct group_norm_param *p = c->param;
	const struct tensor *x = &c->in[X];
	bool bf16 = x->dtype == DTYPE_BF16;
	int64_t channels = x->dim[3], width = channels / p->groups, pixels = map_pixels(x);
	const float *gamma = c->in[GAMMA].data, *beta = c->in[BETA].data;
	for (int64_t s = 0; s < x->dim[0] * p->groups; s++) {
		double mean, rstd;
		reference_statistics(c, s / p->groups, s % p->groups, &mean, &rstd);
		((float *)c->saved[0].data)[s] = (float)mean;
		((float *)c->saved[1].data)[s] = (float)rstd;
		for (int64_t k = 0; k < pixels * width; k++) {
			int64_t j = s % p->groups * width + k % width;
			int64_t i = (s / p->groups * pixels + k / width) * channels + j;
			double y = (map_load(x->data, i, bf16) - mean) * rstd * gamma[j] + beta[j];
			norm_reference_put(c, RESIDUAL, i, y, p->add, p->relu);
		}
	}
	return 0;
}

/* The value of dout that gets through the relu, at element i. */
static double reference_dz(const struct op_call *c, int64_t i)
{
	const struct group_norm_param *p = c->param;
	bool bf16 = c->in[X].dtype == DTYPE_BF16;
	return p->relu && map_load(c->out[0].data, i, bf16) <= 0 ? 0 : map_load(c->dout[0].data, i, bf16);
}

/* One group by the chain rule through mean and variance; parameters' gradients are added up in sum [2 C]. */
static void reference_group(const struct op_call *c, double *sum, int64_t image, int64_t group)
{
	const struct group_norm_param *p = c->param;
	const struct tensor *x = &c->in[X];
	bool bf16 = x->dtype == DTYPE_BF16;
	int64_t channels = x->dim[3], width = channels / p->groups, pixels = map_pixels(x);
	const float *gamma = c->in[GAMMA].data;
	double mean, rstd, all = 0, along = 0, count = (double)(pixels * width);
	reference_statistics(c, image, group, &mean, &rstd);
	for (int pass = 0; pass < 2; pass++) {
		for (int64_t k = 0; k < pixels * width; k++) {
			int64_t j = group * width + k % width, i = (image * pixels + k / width) * channels + j;
			double dz = reference_dz(c, i), unit = (map_load(x->data, i, bf16) - mean) * rstd;
			double g = rstd * (gamma[j] * dz - all / count - unit * along / count);
			if (pass == 1 && c->din[X].data != NULL)
				map_store(c->din[X].data, i, (float)g, bf16);
			if (pass == 1)
				continue;
			all += gamma[j] * dz;
			along += gamma[j] * dz * unit;
			sum[j] += dz * unit;
			sum[channels + j] += dz;
		}
	}
}

static int reference_backward(struct op_call *c)
{
	const struct group_norm_param *p = c->param;
	const struct tensor *x = &c->in[X];
	double *sum = arena_calloc(c->scratch, (size_t)(2 * x->dim[3]), sizeof *sum);
	if (sum == NULL)
		return -1;
	for (int64_t s = 0; s < x->dim[0] * p->groups; s++)
		reference_group(c, sum, s / p->groups, s % p->groups);
	norm_put_gradient(&c->din[GAMMA], sum, false);
	norm_put_gradient(&c->din[BETA], sum + x->dim[3], false);
	for (int64_t i = 0; p->add && c->din[RESIDUAL].data != NULL && i < tensor_count(x); i++)
		map_store(c->din[RESIDUAL].data, i, (float)reference_dz(c, i), x->dtype == DTYPE_BF16);
	return 0;
}

static double flops(const struct op_call *c)
{
	const struct group_norm_param *p = c->param;
	return (double)tensor_count(&c->in[X]) * (8 + p->relu + p->add);
}

static const struct group_norm_param plain = { .groups = 32, .eps = 1e-5f };
static const struct group_norm_param with_relu = { .groups = 32, .eps = 1e-5f, .relu = true };
static const struct group_norm_param with_add = { .groups = 32, .eps = 1e-5f, .relu = true, .add = true };
static const struct group_norm_param with_wide = { .groups = 32, .eps = 1e-5f, .relu = true, .add = true, .wide = true };
static const struct group_norm_param odd_groups = { .groups = 3, .eps = 1e-3f, .add = true };
static const struct group_norm_param one_group = { .groups = 1, .eps = 1e-5f, .relu = true };

#define CASE(title, par, inputs, n, h, w, ch) \
	.name = title, .param = par, .n_in = inputs, .rank = { 4, 1, 1, inputs >= 4 ? 4 : 0, inputs == 5 ? 4 : 0 }, \
	.dim = { { n, h, w, ch }, { ch }, { ch }, { n, h, w, ch }, { n, h, w, ch } }, .f32_mask = 0x16, \
	.no_gradient_mask = 0x10, .no_slope_mask = inputs == 5 ? 8 : 0

static const struct op_case cases[] = {
	{ CASE("plain", &plain, 3, 2, 5, 7, 64) },
	{ CASE("relu", &with_relu, 3, 3, 9, 5, 96) },
	{ CASE("add relu", &with_add, 4, 2, 6, 5, 64) },
	{ CASE("wide residual, wide", &with_wide, 5, 2, 6, 5, 64) },
	{ CASE("odd channels, add", &odd_groups, 4, 3, 5, 3, 21) },
	{ CASE("one group", &one_group, 3, 1, 3, 2, 5) },
	{ CASE("one pixel", &with_relu, 3, 3, 1, 1, 256) },
	{ CASE("many blocks", &with_add, 4, 3, 33, 37, 64) },
	{ CASE("res5", &with_add, 4, 2, 8, 8, 2048), .bench = true },
	{ CASE("res4", &with_relu, 3, 1, 32, 32, 256), .bench = true },
	{ CASE("stem", &with_relu, 3, 1, 64, 64, 64), .bench = true },
	{ CASE("res2", &with_add, 4, 1, 32, 32, 256), .bench = true },
	{ .name = NULL },
};

const struct op op_group_norm = {
	.name = "group_norm", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward, .flops = flops,
	.can_add = 1 << GAMMA | 1 << BETA | 1 << RESIDUAL, .needs_in = 1 << X | 1 << GAMMA | 1 << BETA, .needs_out = 1, .cases = cases,
};
