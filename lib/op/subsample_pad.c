#include "op/subsample_pad.h"

#include <string.h>

static int shape(struct op_call *c)
{
	const struct subsample_pad_param *p = c->param;
	const struct tensor *x = &c->in[0];
	TRY(map_check_inputs("subsample_pad", c, 1, false));
	TRY(map_check("subsample_pad", "x", x));
	if (p->channels < x->dim[3])
		return err_set("subsample_pad: %lld channels cannot become %lld", (long long)x->dim[3], (long long)p->channels);
	c->n_out = 1;
	c->out[0] = tensor_shape(x->dtype, 4, (int64_t[]){ x->dim[0], (x->dim[1] + 1) / 2, (x->dim[2] + 1) / 2, p->channels });
	c->n_saved = 0;
	return 0;
}

/* The first element of x's pixel that becomes pixel (h, w) of image n. */
static int64_t source(const struct tensor *x, int64_t n, int64_t h, int64_t w)
{
	return ((n * x->dim[1] + 2 * h) * x->dim[2] + 2 * w) * x->dim[3];
}

static int forward(struct op_call *c)
{
	const struct tensor *x = &c->in[0], *y = &c->out[0];
	int64_t rows = y->dim[0] * y->dim[1], left = (y->dim[3] - x->dim[3]) / 2;
	size_t size = dtype_size((int)x->dtype), bytes = (size_t)x->dim[3] * size;
#pragma omp parallel for num_threads(map_threads((int64_t)tensor_bytes(y)))
	for (int64_t row = 0; row < rows; row++) {
		char *to = map_at(y, row * y->dim[2] * y->dim[3]);
		memset(to, 0, (size_t)(y->dim[2] * y->dim[3]) * size);
		for (int64_t w = 0; w < y->dim[2]; w++)
			memcpy(to + (size_t)(w * y->dim[3] + left) * size, map_at(x, source(x, row / y->dim[1], row % y->dim[1], w)), bytes);
	}
	return 0;
}

static int backward(struct op_call *c)
{
	const struct tensor *dx = &c->din[0], *dy = &c->dout[0];
	map_zero_gradients(c);
	if (dy->data == NULL || dx->data == NULL)
		return 0;
	bool bf16 = dx->dtype == DTYPE_BF16;
	int64_t rows = dy->dim[0] * dy->dim[1], left = (dy->dim[3] - dx->dim[3]) / 2;
#pragma omp parallel for num_threads(map_threads((int64_t)tensor_bytes(dy)))
	for (int64_t row = 0; row < rows; row++)
		for (int64_t w = 0; w < dy->dim[2]; w++) {
			int64_t to = source(dx, row / dy->dim[1], row % dy->dim[1], w), from = (row * dy->dim[2] + w) * dy->dim[3] + left;
			for (int64_t k = 0; k < dx->dim[3]; k++)
				map_store(dx->data, to + k, map_load(dx->data, to + k, bf16) + map_load(dy->data, from + k, bf16), bf16);
		}
	return 0;
}

/* Element by element of y: where it comes from, or -1 for one that is 0. */
static int64_t origin(const struct tensor *x, const struct tensor *y, int64_t i)
{
	int64_t k = i % y->dim[3] - (y->dim[3] - x->dim[3]) / 2, w = i / y->dim[3] % y->dim[2];
	int64_t h = i / y->dim[3] / y->dim[2] % y->dim[1], n = i / y->dim[3] / y->dim[2] / y->dim[1];
	return k < 0 || k >= x->dim[3] ? -1 : source(x, n, h, w) + k;
}

static int reference(struct op_call *c)
{
	const struct tensor *x = &c->in[0], *y = &c->out[0];
	bool bf16 = x->dtype == DTYPE_BF16;
	for (int64_t i = 0; i < tensor_count(y); i++) {
		int64_t from = origin(x, y, i);
		map_store(y->data, i, from < 0 ? 0 : map_load(x->data, from, bf16), bf16);
	}
	return 0;
}

static int reference_backward(struct op_call *c)
{
	const struct tensor *dx = &c->din[0], *dy = &c->dout[0];
	bool bf16 = dx->dtype == DTYPE_BF16;
	map_zero_gradients(c);
	for (int64_t i = 0; i < tensor_count(dy); i++) {
		int64_t to = origin(dx, dy, i);
		if (to >= 0)
			map_store(dx->data, to, map_load(dx->data, to, bf16) + map_load(dy->data, i, bf16), bf16);
	}
	return 0;
}

static const struct op_case cases[] = {
	{ .name = "odd", .param = &(struct subsample_pad_param){ 11 }, .n_in = 1, .rank = { 4 }, .dim = { { 2, 5, 7, 6 } } },
	{ .name = "one", .param = &(struct subsample_pad_param){ 1 }, .n_in = 1, .rank = { 4 }, .dim = { { 1, 1, 1, 1 } } },
	{ .name = "resnet20", .param = &(struct subsample_pad_param){ 32 }, .n_in = 1, .rank = { 4 }, .dim = { { 32, 32, 32, 16 } }, .bench = true },
	{ .name = NULL },
};

const struct op op_subsample_pad = {
	.name = "subsample_pad", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward,
	.can_add = 1, .needs_in = 0, .needs_out = 0, .cases = cases,
};
