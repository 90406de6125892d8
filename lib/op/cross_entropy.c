#include "op/cross_entropy.h"

#include <math.h>

enum { Z, LABELS };

static int shape(struct op_call *c)
{
	const struct cross_entropy_param *p = c->param;
	const struct tensor *z = &c->in[Z], *labels = &c->in[LABELS];
	char text[96];
	TRY(map_check_inputs("cross_entropy", c, 2, false));
	TRY(map_check("cross_entropy", "z", z));
	int64_t rows = tensor_count(z) / z->dim[3];
	if (labels->dtype != DTYPE_I32 || labels->rank != 1 || labels->dim[0] != rows)
		return err_set("cross_entropy: labels are %s %s, must be i32 [%lld]", dtype_name((int)labels->dtype),
			       tensor_shape_text(labels, text), (long long)rows);
	if (!(p->smoothing >= 0 && p->smoothing < 1))
		return err_set("cross_entropy: a smoothing of %g is not in [0, 1)", p->smoothing);
	c->n_out = 1;
	c->out[0] = tensor_shape(DTYPE_F32, 1, (int64_t[]){ 1 });
	c->n_saved = 1;
	c->saved[0] = tensor_shape(DTYPE_F32, 1, &rows);
	return 0;
}

static int check_labels(const struct op_call *c)
{
	const int32_t *label = c->in[LABELS].data;
	for (int64_t i = 0; i < c->in[LABELS].dim[0]; i++)
		if (label[i] < 0 || label[i] >= c->in[Z].dim[3])
			return err_set("cross_entropy: label %d of row %lld is not one of the %lld classes", label[i], (long long)i,
				       (long long)c->in[Z].dim[3]);
	return 0;
}

/* The loss of one row; *log_sum is log(sum exp z). */
static double row_loss(const struct op_call *c, int64_t row, float *log_sum)
{
	const struct tensor *z = &c->in[Z];
	double smoothing = ((const struct cross_entropy_param *)c->param)->smoothing;
	bool bf16 = z->dtype == DTYPE_BF16;
	int64_t k = z->dim[3], first = row * k;
	float top = -INFINITY;
	double sum = 0, all = 0;
	for (int64_t j = first; j < first + k; j++)
		top = fmaxf(top, map_load(z->data, j, bf16));
	for (int64_t j = first; j < first + k; j++) {
		float v = map_load(z->data, j, bf16);
		sum += (double)expf(v - top);
		all += (double)v;
	}
	double log_of_sum = (double)top + log(sum);
	*log_sum = (float)log_of_sum;
	double right = (double)map_load(z->data, first + ((const int32_t *)c->in[LABELS].data)[row], bf16);
	return log_of_sum - (1 - smoothing) * right - smoothing * all / (double)k;
}

static int forward(struct op_call *c)
{
	int64_t rows = c->in[LABELS].dim[0];
	float *log_sum = c->saved[0].data;
	double *loss = arena_alloc(c->scratch, (size_t)rows * sizeof *loss), sum = 0;
	TRY(check_labels(c));
	if (loss == NULL)
		return -1;
	int threads = map_threads((int64_t)tensor_bytes(&c->in[Z]));
#pragma omp parallel for num_threads(threads)
	for (int64_t row = 0; row < rows; row++)
		loss[row] = row_loss(c, row, &log_sum[row]);
	for (int64_t row = 0; row < rows; row++)
		sum += loss[row];
	*(float *)c->out[0].data = (float)(sum / (double)rows);
	return 0;
}

static int backward(struct op_call *c)
{
	const struct tensor *z = &c->in[Z], *dz = &c->din[Z];
	if (c->dout[0].data == NULL)
		map_zero_gradients(c);
	if (c->dout[0].data == NULL || dz->data == NULL)
		return 0;
	int64_t k = z->dim[3], rows = c->in[LABELS].dim[0];
	float smoothing = (float)((const struct cross_entropy_param *)c->param)->smoothing, uniform = smoothing / (float)k;
	float scale = *(const float *)c->dout[0].data / (float)rows;
	const float *log_sum = c->saved[0].data;
	const int32_t *label = c->in[LABELS].data;
	bool bf16 = z->dtype == DTYPE_BF16, add = map_adds(c, Z);
	int threads = map_threads((int64_t)tensor_bytes(z));
#pragma omp parallel for num_threads(threads)
	for (int64_t row = 0; row < rows; row++)
		for (int64_t j = 0; j < k; j++) {
			float wanted = (j == label[row] ? 1 - smoothing : 0) + uniform;
			float d = (expf(map_load(z->data, row * k + j, bf16) - log_sum[row]) - wanted) * scale;
			map_store(dz->data, row * k + j, add ? map_load(dz->data, row * k + j, bf16) + d : d, bf16);
		}
	return 0;
}

void cross_entropy_softmax(double *p, const struct tensor *z, int64_t row)
{
	int64_t k = z->dim[3];
	double top = -INFINITY, sum = 0;
	for (int64_t j = 0; j < k; j++)
		top = fmax(top, (double)map_load(z->data, row * k + j, z->dtype == DTYPE_BF16));
	for (int64_t j = 0; j < k; j++)
		sum += p[j] = exp((double)map_load(z->data, row * k + j, z->dtype == DTYPE_BF16) - top);
	for (int64_t j = 0; j < k; j++)
		p[j] /= sum;
}

static double target(const struct op_call *c, int64_t row, int64_t j)
{
	double s = ((const struct cross_entropy_param *)c->param)->smoothing;
	return (((const int32_t *)c->in[LABELS].data)[row] == j ? 1 - s : 0) + s / (double)c->in[Z].dim[3];
}

static int reference(struct op_call *c)
{
	int64_t k = c->in[Z].dim[3], rows = c->in[LABELS].dim[0];
	double *p = arena_alloc(c->scratch, (size_t)k * sizeof *p), sum = 0;
	if (p == NULL)
		return -1;
	for (int64_t row = 0; row < rows; row++) {
		cross_entropy_softmax(p, &c->in[Z], row);
		for (int64_t j = 0; j < k; j++)
			sum -= target(c, row, j) * log(p[j]);
	}
	*(float *)c->out[0].data = (float)(sum / (double)rows);
	return 0;
}

static int reference_backward(struct op_call *c)
{
	struct tensor *dz = &c->din[Z];
	bool bf16 = dz->dtype == DTYPE_BF16;
	int64_t k = c->in[Z].dim[3], rows = c->in[LABELS].dim[0];
	double *p = arena_alloc(c->scratch, (size_t)k * sizeof *p), dloss = (double)*(const float *)c->dout[0].data;
	if (p == NULL)
		return -1;
	for (int64_t row = 0; row < rows; row++) {
		cross_entropy_softmax(p, &c->in[Z], row);
		for (int64_t j = 0; j < k; j++) {
			float old = map_adds(c, Z) ? map_load(dz->data, row * k + j, bf16) : 0;
			map_store(dz->data, row * k + j, old + (float)((p[j] - target(c, row, j)) / (double)rows * dloss), bf16);
		}
	}
	return 0;
}

static double flops(const struct op_call *c)
{
	return 4 * (double)tensor_count(&c->in[Z]);
}

static void fill(struct op_call *c)
{
	int32_t *label = c->in[LABELS].data;
	for (int64_t i = 0; i < c->in[LABELS].dim[0]; i++)
		label[i] = (int32_t)(i * 7 % c->in[Z].dim[3]);
}

static const struct cross_entropy_param plain = { 0 }, smooth = { 0.1 };

static const struct op_case cases[] = {
	{ .name = "plain", .param = &plain, .n_in = 2, .rank = { 4, 1 }, .dim = { { 5, 1, 1, 19 }, { 5 } }, .i32_mask = 2, .fill = fill },
	{ .name = "smoothed", .param = &smooth, .n_in = 2, .rank = { 4, 1 }, .dim = { { 8, 1, 1, 10 }, { 8 } }, .i32_mask = 2, .fill = fill },
	{ .name = "pixels", .param = &smooth, .n_in = 2, .rank = { 4, 1 }, .dim = { { 2, 3, 5, 2 }, { 30 } }, .i32_mask = 2, .fill = fill },
	{ .name = "one class", .param = &plain, .n_in = 2, .rank = { 4, 1 }, .dim = { { 1, 1, 1, 1 }, { 1 } }, .i32_mask = 2, .fill = fill },
	{ .name = "imagenet", .param = &smooth, .n_in = 2, .rank = { 4, 1 }, .dim = { { 4, 1, 1, 1000 }, { 4 } }, .i32_mask = 2, .fill = fill,
	  .bench = true },
	{ .name = NULL },
};

const struct op op_cross_entropy = {
	.name = "cross_entropy", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward, .flops = flops,
	.can_add = 1u << Z, .needs_in = 1u << Z | 1u << LABELS, .needs_out = 0, .cases = cases,
};
