#include "op/linear.h"

#include "op/blas.h"

#include <cblas.h>

enum { W, B, X, BLOCK = 128 };

static int shape(struct op_call *c)
{
	const struct tensor *w = &c->in[W], *x = &c->in[X];
	char text[96], weight[96];
	TRY(map_check_inputs("linear", c, 3, false));
	TRY(map_check("linear", "x", x));
	if (w->dtype != DTYPE_F32 || w->rank != 2 || w->dim[1] != x->dim[3])
		return err_set("linear: w is %s %s, must be f32 [K C] for x %s", dtype_name((int)w->dtype),
			       tensor_shape_text(w, weight), tensor_shape_text(x, text));
	TRY(map_check_channels("linear", "b", &c->in[B], w->dim[0]));
	c->n_out = 1;
	c->out[0] = tensor_shape(x->dtype, 4, (int64_t[]){ x->dim[0], x->dim[1], x->dim[2], w->dim[0] });
	c->n_saved = 0;
	return 0;
}

/* t itself, or widened in scratch; NULL when memory is short. */
static const float *as_f32(const struct tensor *t, struct arena *scratch)
{
	if (t->dtype == DTYPE_F32)
		return t->data;
	int64_t n = tensor_count(t);
	float *wide = arena_alloc(scratch, (size_t)n * sizeof *wide);
	for (int64_t i = 0; i < n && wide != NULL; i++)
		wide[i] = map_load(t->data, i, true);
	return wide;
}

static int block_size(int64_t total, int64_t first)
{
	return (int)(total - first < BLOCK ? total - first : BLOCK);
}

/* Products of less than this are not worth waking a thread for. */
static int worth_threads(int64_t rows, int64_t k, int64_t channels)
{
	return map_threads(rows * k * channels / 8);
}

static int forward(struct op_call *c)
{
	const struct tensor *x = &c->in[X], *y = &c->out[0];
	int64_t channels = x->dim[3], k = y->dim[3], rows = tensor_count(x) / channels;
	const float *w = c->in[W].data, *b = c->in[B].data, *wide = as_f32(x, c->scratch);
	float *sums = arena_alloc(c->scratch, (size_t)(rows * k) * sizeof *sums);
	if (wide == NULL || sums == NULL)
		return -1;
	blas_single_thread();
	int threads = worth_threads(rows, k, channels);
#pragma omp parallel for num_threads(threads)
	for (int64_t at = 0; at < k; at += BLOCK) {
		int count = block_size(k, at);
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, count, (int)channels, 1.0f, wide, (int)channels,
			    w + at * channels, (int)channels, 0.0f, sums + at, (int)k);
		for (int64_t row = 0; row < rows; row++)
			for (int64_t j = at; j < at + count; j++)
				map_store(y->data, row * k + j, sums[row * k + j] + b[j], y->dtype == DTYPE_BF16);
	}
	return 0;
}

/* dx = dy w */
static int grad_input(struct op_call *c, const float *dy, int64_t rows, int64_t k)
{
	const struct tensor *dx = &c->din[X];
	int64_t channels = dx->dim[3];
	const float *w = c->in[W].data;
	bool add = map_adds(c, X), bf16 = dx->dtype == DTYPE_BF16;
	float *sums = arena_alloc(c->scratch, (size_t)(rows * channels) * sizeof *sums);
	if (sums == NULL)
		return -1;
	int threads = worth_threads(rows, k, channels);
#pragma omp parallel for num_threads(threads)
	for (int64_t at = 0; at < channels; at += BLOCK) {
		int count = block_size(channels, at);
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, count, (int)k, 1.0f, dy, (int)k, w + at,
			    (int)channels, 0.0f, sums + at, (int)channels);
		for (int64_t row = 0; row < rows; row++)
			for (int64_t i = row * channels + at; i < row * channels + at + count; i++)
				map_store(dx->data, i, sums[i] + (add ? map_load(dx->data, i, bf16) : 0), bf16);
	}
	return 0;
}

/* dw = dy' x, db = the sum of dy over rows; either may be NULL. */
static void grad_parameters(struct op_call *c, const float *dy, const float *x, int64_t rows, int64_t k)
{
	int64_t channels = c->in[X].dim[3];
	float *dw = c->din[W].data, *db = c->din[B].data;
	float keep_w = map_adds(c, W) ? 1.0f : 0.0f, keep_b = map_adds(c, B) ? 1.0f : 0.0f;
	int threads = worth_threads(rows, k, channels);
#pragma omp parallel for num_threads(threads)
	for (int64_t at = 0; at < k; at += BLOCK) {
		int count = block_size(k, at);
		if (dw != NULL)
			cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, count, (int)channels, (int)rows, 1.0f, dy + at,
				    (int)k, x, (int)channels, keep_w, dw + at * channels, (int)channels);
		for (int64_t j = at; db != NULL && j < at + count; j++) {
			float sum = 0;
			for (int64_t row = 0; row < rows; row++)
				sum += dy[row * k + j];
			db[j] = keep_b > 0 ? db[j] + sum : sum;
		}
	}
}

static int backward(struct op_call *c)
{
	if (c->dout[0].data == NULL) {
		map_zero_gradients(c);
		return 0;
	}
	int64_t k = c->dout[0].dim[3], rows = tensor_count(&c->dout[0]) / k;
	const float *dy = as_f32(&c->dout[0], c->scratch);
	const float *x = c->din[W].data != NULL ? as_f32(&c->in[X], c->scratch) : NULL;
	if (dy == NULL || (c->din[W].data != NULL && x == NULL))
		return -1;
	blas_single_thread();
	grad_parameters(c, dy, x, rows, k);
	return c->din[X].data != NULL ? grad_input(c, dy, rows, k) : 0;
}

static int reference(struct op_call *c)
{
	const struct tensor *x = &c->in[X], *y = &c->out[0];
	const float *w = c->in[W].data, *b = c->in[B].data;
	bool bf16 = x->dtype == DTYPE_BF16;
	int64_t channels = x->dim[3], k = y->dim[3];
	for (int64_t i = 0; i < tensor_count(y); i++) {
		double sum = (double)b[i % k];
		for (int64_t j = 0; j < channels; j++)
			sum += (double)w[i % k * channels + j] * (double)map_load(x->data, i / k * channels + j, bf16);
		map_store(y->data, i, (float)sum, bf16);
	}
	return 0;
}

/* Gradient i of element j grows by `value`; the sums of one element come one after the other. */
static void put_gradient(struct op_call *c, int i, int64_t j, double value)
{
	struct tensor *d = &c->din[i];
	bool bf16 = d->dtype == DTYPE_BF16;
	if (d->data != NULL)
		map_store(d->data, j, (float)value + (map_adds(c, i) ? map_load(d->data, j, bf16) : 0), bf16);
}

static int reference_backward(struct op_call *c)
{
	const struct tensor *x = &c->in[X], *dy = &c->dout[0];
	const float *w = c->in[W].data;
	bool bf16 = x->dtype == DTYPE_BF16;
	int64_t channels = x->dim[3], k = dy->dim[3], rows = tensor_count(dy) / k;
	for (int64_t j = 0; j < k; j++) {
		double db = 0;
		for (int64_t row = 0; row < rows; row++)
			db += (double)map_load(dy->data, row * k + j, bf16);
		put_gradient(c, B, j, db);
		for (int64_t i = 0; i < channels; i++) {
			double dw = 0;
			for (int64_t row = 0; row < rows; row++)
				dw += (double)map_load(dy->data, row * k + j, bf16) * (double)map_load(x->data, row * channels + i, bf16);
			put_gradient(c, W, j * channels + i, dw);
		}
	}
	for (int64_t i = 0; i < rows * channels; i++) {
		double dx = 0;
		for (int64_t j = 0; j < k; j++)
			dx += (double)map_load(dy->data, i / channels * k + j, bf16) * (double)w[j * channels + i % channels];
		put_gradient(c, X, i, dx);
	}
	return 0;
}

static double flops(const struct op_call *c)
{
	return 2.0 * (double)tensor_count(&c->out[0]) * (double)c->in[X].dim[3];
}

static const struct op_case cases[] = {
	{ .name = "odd", .n_in = 3, .rank = { 2, 1, 4 }, .dim = { { 7, 19 }, { 7 }, { 3, 1, 1, 19 } }, .f32_mask = 3 },
	{ .name = "one", .n_in = 3, .rank = { 2, 1, 4 }, .dim = { { 1, 1 }, { 1 }, { 1, 1, 1, 1 } }, .f32_mask = 3 },
	{ .name = "pixels", .n_in = 3, .rank = { 2, 1, 4 }, .dim = { { 33, 40 }, { 33 }, { 2, 3, 4, 40 } }, .f32_mask = 3 },
	{ .name = "resnet18", .n_in = 3, .rank = { 2, 1, 4 }, .dim = { { 300, 512 }, { 300 }, { 8, 1, 1, 512 } }, .f32_mask = 3,
	  .bench = true },
	{ .name = NULL },
};

const struct op op_linear = {
	.name = "linear", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward, .flops = flops,
	.can_add = 1u << W | 1u << B | 1u << X, .needs_in = 1u << W | 1u << X, .needs_out = 0, .cases = cases,
};
