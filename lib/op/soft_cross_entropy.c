#include "op/soft_cross_entropy.h"

#include "op/cross_entropy.h"

#include <math.h>

enum { Z, TARGETS, WEIGHTS };
enum { LOSS, ROWS };

static int check_input(const struct op_call *c, int i, const char *name, int rank, const int64_t *dim)
{
	const struct tensor want = tensor_shape(DTYPE_F32, rank, dim);
	char have_text[96], want_text[96];
	if (tensor_same_shape(&c->in[i], &want))
		return 0;
	return err_set("soft_cross_entropy: %s are %s %s, must be f32 %s", name, dtype_name((int)c->in[i].dtype),
		       tensor_shape_text(&c->in[i], have_text), tensor_shape_text(&want, want_text));
}

static int shape(struct op_call *c)
{
	const struct tensor *z = &c->in[Z];
	TRY(map_check_inputs("soft_cross_entropy", c, 3, false));
	TRY(map_check("soft_cross_entropy", "z", z));
	int64_t k = z->dim[3], rows = tensor_count(z) / k;
	TRY(check_input(c, TARGETS, "targets", 2, (int64_t[]){ rows, k }));
	TRY(check_input(c, WEIGHTS, "weights", 1, &rows));
	c->n_out = 2;
	c->out[LOSS] = tensor_shape(DTYPE_F32, 1, (int64_t[]){ 1 });
	c->out[ROWS] = tensor_shape(DTYPE_F32, 1, &rows);
	c->no_gradient_out = 1u << ROWS;
	c->n_saved = 1;
	c->saved[0] = tensor_shape(DTYPE_F32, 1, &rows);
	return 0;
}

static double row_loss(const struct op_call *c, int64_t row, float *log_sum)
{
	const struct tensor *z = &c->in[Z];
	bool bf16 = z->dtype == DTYPE_BF16;
	int64_t k = z->dim[3], first = row * k;
	const float *q = (const float *)c->in[TARGETS].data + first;
	float top = -INFINITY;
	double sum = 0, all = 0, product = 0;
	for (int64_t j = 0; j < k; j++)
		top = fmaxf(top, map_load(z->data, first + j, bf16));
	for (int64_t j = 0; j < k; j++) {
		float v = map_load(z->data, first + j, bf16);
		sum += (double)expf(v - top);
		all += (double)q[j];
		product += (double)q[j] * (double)v;
	}
	double log_of_sum = (double)top + log(sum);
	*log_sum = (float)log_of_sum;
	return log_of_sum * all - product;
}

static int forward(struct op_call *c)
{
	int64_t rows = c->in[WEIGHTS].dim[0];
	float *log_sum = c->saved[0].data, *loss = c->out[ROWS].data;
	const float *weight = c->in[WEIGHTS].data;
	double sum = 0;
	int threads = map_threads((int64_t)tensor_bytes(&c->in[Z]));
#pragma omp parallel for num_threads(threads)
	for (int64_t row = 0; row < rows; row++)
		loss[row] = (float)row_loss(c, row, &log_sum[row]);
	for (int64_t row = 0; row < rows; row++)
		sum += (double)weight[row] * (double)loss[row];
	*(float *)c->out[LOSS].data = (float)sum;
	return 0;
}

static int backward(struct op_call *c)
{
	const struct tensor *z = &c->in[Z], *dz = &c->din[Z];
	if (c->dout[LOSS].data == NULL)
		map_zero_gradients(c);
	if (c->dout[LOSS].data == NULL || dz->data == NULL)
		return 0;
	int64_t k = z->dim[3], rows = c->in[WEIGHTS].dim[0];
	const float *log_sum = c->saved[0].data, *targets = c->in[TARGETS].data, *weight = c->in[WEIGHTS].data;
	float dloss = *(const float *)c->dout[LOSS].data;
	bool bf16 = z->dtype == DTYPE_BF16, add = map_adds(c, Z);
	int threads = map_threads((int64_t)tensor_bytes(z));
#pragma omp parallel for num_threads(threads)
	for (int64_t row = 0; row < rows; row++) {
		const float *q = targets + row * k;
		float all = 0;
		for (int64_t j = 0; j < k; j++)
			all += q[j];
		for (int64_t j = 0; j < k; j++) {
			float d = (all * expf(map_load(z->data, row * k + j, bf16) - log_sum[row]) - q[j]) * weight[row] * dloss;
			map_store(dz->data, row * k + j, add ? map_load(dz->data, row * k + j, bf16) + d : d, bf16);
		}
	}
	return 0;
}

static int reference(struct op_call *c)
{
	int64_t k = c->in[Z].dim[3], rows = c->in[WEIGHTS].dim[0];
	const float *q = c->in[TARGETS].data, *weight = c->in[WEIGHTS].data;
	double *p = arena_alloc(c->scratch, (size_t)k * sizeof *p), sum = 0;
	if (p == NULL)
		return -1;
	for (int64_t row = 0; row < rows; row++) {
		double loss = 0;
		cross_entropy_softmax(p, &c->in[Z], row);
		for (int64_t j = 0; j < k; j++)
			loss -= (double)q[row * k + j] * log(p[j]);
		((float *)c->out[ROWS].data)[row] = (float)loss;
		sum += (double)weight[row] * loss;
	}
	*(float *)c->out[LOSS].data = (float)sum;
	return 0;
}

static int reference_backward(struct op_call *c)
{
	struct tensor *dz = &c->din[Z];
	bool bf16 = dz->dtype == DTYPE_BF16;
	int64_t k = c->in[Z].dim[3], rows = c->in[WEIGHTS].dim[0];
	const float *q = c->in[TARGETS].data, *weight = c->in[WEIGHTS].data;
	double *p = arena_alloc(c->scratch, (size_t)k * sizeof *p), dloss = (double)*(const float *)c->dout[LOSS].data;
	if (p == NULL)
		return -1;
	for (int64_t row = 0; row < rows; row++) {
		double all = 0;
		cross_entropy_softmax(p, &c->in[Z], row);
		for (int64_t j = 0; j < k; j++)
			all += (double)q[row * k + j];
		for (int64_t j = 0; j < k; j++) {
			float old = map_adds(c, Z) ? map_load(dz->data, row * k + j, bf16) : 0;
			double d = (all * p[j] - (double)q[row * k + j]) * (double)weight[row] * dloss;
			map_store(dz->data, row * k + j, old + (float)d, bf16);
		}
	}
	return 0;
}

static double flops(const struct op_call *c)
{
	return 6 * (double)tensor_count(&c->in[Z]);
}

/* Distributions that favour a class each, one of them a single class; weights from 0 on. */
static void fill(struct op_call *c)
{
	int64_t k = c->in[Z].dim[3], rows = c->in[WEIGHTS].dim[0];
	float *q = c->in[TARGETS].data, *weight = c->in[WEIGHTS].data;
	for (int64_t row = 0; row < rows; row++) {
		float rest = row == 0 ? 0 : 0.3f;
		for (int64_t j = 0; j < k; j++)
			q[row * k + j] = (j == row * 7 % k ? 1 - rest : 0) + rest / (float)k;
		weight[row] = (float)(row % 3) * 0.25f;
	}
}

enum { FIXED = 1u << TARGETS | 1u << WEIGHTS };

static const struct op_case cases[] = {
	{ .name = "plain", .n_in = 3, .rank = { 4, 2, 1 }, .dim = { { 5, 1, 1, 19 }, { 5, 19 }, { 5 } }, .f32_mask = FIXED,
	  .no_gradient_mask = FIXED, .fill = fill },
	{ .name = "pixels", .n_in = 3, .rank = { 4, 2, 1 }, .dim = { { 2, 3, 5, 2 }, { 30, 2 }, { 30 } }, .f32_mask = FIXED,
	  .no_gradient_mask = FIXED, .fill = fill },
	{ .name = "one class", .n_in = 3, .rank = { 4, 2, 1 }, .dim = { { 3, 1, 1, 1 }, { 3, 1 }, { 3 } }, .f32_mask = FIXED,
	  .no_gradient_mask = FIXED, .fill = fill },
	{ .name = "imagenet", .n_in = 3, .rank = { 4, 2, 1 }, .dim = { { 4, 1, 1, 1000 }, { 4, 1000 }, { 4 } }, .f32_mask = FIXED,
	  .no_gradient_mask = FIXED, .fill = fill, .bench = true },
	{ .name = NULL },
};

const struct op op_soft_cross_entropy = {
	.name = "soft_cross_entropy", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward, .flops = flops,
	.can_add = 1u << Z, .needs_in = 1u << Z | FIXED, .needs_out = 0, .cases = cases,
};
