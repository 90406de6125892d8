#include "op/global_pool.h"

#include <omp.h>

static int shape(struct op_call *c)
{
	TRY(map_check_inputs("global_pool", c, 1, false));
	TRY(map_check("global_pool", "x", &c->in[0]));
	c->n_out = 1;
	c->out[0] = tensor_shape(c->in[0].dtype, 4, (int64_t[]){ c->in[0].dim[0], 1, 1, c->in[0].dim[3] });
	c->n_saved = 0;
	return 0;
}

static int forward(struct op_call *c)
{
	const struct tensor *x = &c->in[0], *y = &c->out[0];
	int64_t images = x->dim[0], pixels = map_pixels(x), channels = x->dim[3];
	int threads = map_threads((int64_t)tensor_bytes(x));
	float *sums = arena_alloc(c->scratch, (size_t)(threads * channels) * sizeof *sums);
	if (sums == NULL)
		return -1;
#pragma omp parallel for num_threads(threads)
	for (int64_t i = 0; i < images; i++)
		ISA_PICK(global_pool_image)(map_at(y, i * channels), sums + omp_get_thread_num() * channels,
					    map_at(x, i * pixels * channels), pixels, channels, x->dtype == DTYPE_BF16);
	return 0;
}

static int backward(struct op_call *c)
{
	const struct tensor *dx = &c->din[0], *dy = &c->dout[0];
	if (dy->data == NULL)
		map_zero_gradients(c);
	if (dy->data == NULL || dx->data == NULL)
		return 0;
	int64_t images = dx->dim[0], pixels = map_pixels(dx), channels = dx->dim[3];
	int threads = map_threads((int64_t)tensor_bytes(dx));
#pragma omp parallel for num_threads(threads)
	for (int64_t i = 0; i < images; i++)
		ISA_PICK(global_pool_grad_image)(map_at(dx, i * pixels * channels), map_at(dy, i * channels), pixels,
						 channels, map_adds(c, 0), dx->dtype == DTYPE_BF16);
	return 0;
}

static int reference(struct op_call *c)
{
	const struct tensor *x = &c->in[0], *y = &c->out[0];
	bool bf16 = x->dtype == DTYPE_BF16;
	int64_t pixels = map_pixels(x), channels = x->dim[3];
	for (int64_t i = 0; i < tensor_count(y); i++) {
		double sum = 0;
		for (int64_t p = 0; p < pixels; p++)
			sum += (double)map_load(x->data, (i / channels * pixels + p) * channels + i % channels, bf16);
		map_store(y->data, i, (float)(sum / (double)pixels), bf16);
	}
	return 0;
}

static int reference_backward(struct op_call *c)
{
	const struct tensor *dx = &c->din[0];
	bool bf16 = dx->dtype == DTYPE_BF16;
	int64_t pixels = map_pixels(dx), channels = dx->dim[3];
	for (int64_t i = 0; i < tensor_count(dx); i++) {
		int64_t image = i / channels / pixels;
		float d = map_load(c->dout[0].data, image * channels + i % channels, bf16) / (float)pixels;
		map_store(dx->data, i, d + (map_adds(c, 0) ? map_load(dx->data, i, bf16) : 0), bf16);
	}
	return 0;
}

static double flops(const struct op_call *c)
{
	return (double)tensor_count(&c->in[0]);
}

static const struct op_case cases[] = {
	{ .name = "odd", .n_in = 1, .rank = { 4 }, .dim = { { 3, 5, 7, 19 } } },
	{ .name = "one", .n_in = 1, .rank = { 4 }, .dim = { { 1, 1, 1, 1 } } },
	{ .name = "resnet50", .n_in = 1, .rank = { 4 }, .dim = { { 4, 7, 7, 2048 } }, .bench = true },
	{ .name = NULL },
};

const struct op op_global_pool = {
	.name = "global_pool", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward, .flops = flops,
	.can_add = 1, .needs_in = 0, .needs_out = 0, .cases = cases,
};
