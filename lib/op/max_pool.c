#include "op/max_pool.h"

#include <math.h>

static int shape(struct op_call *c)
{
	const struct max_pool_param *p = c->param;
	char text[96];
	const struct tensor *x = &c->in[0], wide = tensor_shape(DTYPE_F32, 4, x->dim);
	TRY(map_check_inputs("max_pool", c, 1, c->n_in == 2));
	TRY(map_check("max_pool", "x", x));
	if (c->n_in == 2)
		TRY(map_check_same("max_pool", "wide x", &c->in[1], &wide));
	if (p->kernel < 1 || p->kernel > 16 || p->stride < 1 || p->pad < 0 || 2 * p->pad > p->kernel)
		return err_set("max_pool: kernel %d, stride %d, pad %d: must be 1 to 16, at least 1, at most half the kernel",
			       p->kernel, p->stride, p->pad);
	int64_t h = x->dim[1] + 2 * p->pad - p->kernel, w = x->dim[2] + 2 * p->pad - p->kernel;
	if (h < 0 || w < 0)
		return err_set("max_pool: x is %s, smaller than the %dx%d window", tensor_shape_text(x, text),
			       p->kernel, p->kernel);
	int64_t dim[4] = { x->dim[0], h / p->stride + 1, w / p->stride + 1, x->dim[3] };
	c->n_out = p->wide ? 2 : 1;
	c->out[0] = tensor_shape(x->dtype, 4, dim);
	c->out[1] = tensor_shape(DTYPE_F32, 4, dim);
	c->no_gradient_out = 2;
	c->n_saved = 1;
	c->saved[0] = tensor_shape(DTYPE_U8, 4, dim);
	return 0;
}

/* The part of the window of output pixel (n, oh, ow) that lies inside the map. */
static void window_make(struct max_pool_window *w, const struct op_call *c, int64_t n, int64_t oh, int64_t ow)
{
	const struct max_pool_param *p = c->param;
	const struct tensor *x = &c->in[c->n_in - 1];
	w->n = 0;
	for (int i = 0; i < p->kernel; i++) {
		int64_t h = oh * p->stride - p->pad + i;
		if (h < 0 || h >= x->dim[1])
			continue;
		for (int j = 0; j < p->kernel; j++) {
			int64_t v = ow * p->stride - p->pad + j;
			if (v < 0 || v >= x->dim[2])
				continue;
			w->place[w->n] = (uint8_t)(i * p->kernel + j);
			w->x[w->n++] = map_at(x, ((n * x->dim[1] + h) * x->dim[2] + v) * x->dim[3]);
		}
	}
}

static int forward(struct op_call *c)
{
	const struct tensor *x = &c->in[c->n_in - 1], *y = &c->out[0];
	int64_t rows = y->dim[0] * y->dim[1], width = y->dim[2], channels = y->dim[3];
	bool x_bf16 = x->dtype == DTYPE_BF16, y_bf16 = y->dtype == DTYPE_BF16;
	float *wide = c->n_out == 2 ? c->out[1].data : NULL;
	uint8_t *argmax = c->saved[0].data;
	int threads = map_threads((int64_t)tensor_bytes(x));
#pragma omp parallel for num_threads(threads)
	for (int64_t row = 0; row < rows; row++) {
		struct max_pool_window w;
		for (int64_t ow = 0; ow < width; ow++) {
			int64_t at = (row * width + ow) * channels;
			window_make(&w, c, row / y->dim[1], row % y->dim[1], ow);
			ISA_PICK(max_pool_pixel)(map_at(y, at), wide == NULL ? NULL : wide + at, argmax + at, &w, channels,
						 x_bf16, y_bf16);
		}
	}
	return 0;
}

/* First output whose window reaches input place i: ceil((i + pad - kernel + 1)/stride), at least 0. */
static int64_t first_cover(const struct max_pool_param *p, int64_t i)
{
	int64_t reach = i + p->pad - p->kernel + p->stride;
	return reach < 0 ? 0 : reach / p->stride;
}

static void covers_make(struct max_pool_covers *k, const struct op_call *c, int64_t n, int64_t h, int64_t v)
{
	const struct max_pool_param *p = c->param;
	const struct tensor *dy = &c->dout[0];
	k->n = 0;
	for (int64_t oh = first_cover(p, h); oh < dy->dim[1] && oh * p->stride - p->pad <= h; oh++) {
		for (int64_t ow = first_cover(p, v); ow < dy->dim[2] && ow * p->stride - p->pad <= v; ow++) {
			int64_t at = ((n * dy->dim[1] + oh) * dy->dim[2] + ow) * dy->dim[3];
			int64_t i = h + p->pad - oh * p->stride, j = v + p->pad - ow * p->stride;
			k->dy[k->n] = map_at(dy, at);
			k->argmax[k->n] = (const uint8_t *)c->saved[0].data + at;
			k->place[k->n++] = (uint8_t)(i * p->kernel + j);
		}
	}
}

static int backward(struct op_call *c)
{
	const struct tensor *dx = &c->din[0];
	if (c->dout[0].data == NULL)
		map_zero_gradients(c);
	if (c->dout[0].data == NULL || dx->data == NULL)
		return 0;
	int64_t rows = dx->dim[0] * dx->dim[1], width = dx->dim[2], channels = dx->dim[3];
	bool bf16 = dx->dtype == DTYPE_BF16, add = map_adds(c, 0);
	int threads = map_threads((int64_t)tensor_bytes(dx));
#pragma omp parallel for num_threads(threads)
	for (int64_t row = 0; row < rows; row++) {
		struct max_pool_covers k;
		for (int64_t v = 0; v < width; v++) {
			covers_make(&k, c, row / dx->dim[1], row % dx->dim[1], v);
			ISA_PICK(max_pool_grad_pixel)(map_at(dx, (row * width + v) * channels), &k, channels, add, bf16);
		}
	}
	return 0;
}

static int reference(struct op_call *c)
{
	const struct max_pool_param *p = c->param;
	const struct tensor *x = c->n_in == 2 ? &c->in[1] : &c->in[0], *y = &c->out[0];
	bool bf16 = x->dtype == DTYPE_BF16;
	for (int64_t i = 0; i < tensor_count(y); i++) {
		int64_t ch = i % y->dim[3], ow = i / y->dim[3] % y->dim[2], oh = i / y->dim[3] / y->dim[2] % y->dim[1];
		int64_t n = i / y->dim[3] / y->dim[2] / y->dim[1];
		float best = -INFINITY;
		int place = -1;
		for (int k = 0; k < p->kernel * p->kernel; k++) {
			int64_t h = oh * p->stride - p->pad + k / p->kernel, w = ow * p->stride - p->pad + k % p->kernel;
			if (h < 0 || h >= x->dim[1] || w < 0 || w >= x->dim[2])
				continue;
			float v = map_load(x->data, ((n * x->dim[1] + h) * x->dim[2] + w) * x->dim[3] + ch, bf16);
			if (place < 0 || v > best || isnan(v)) {
				best = v;
				place = k;
			}
		}
		map_store(y->data, i, best, y->dtype == DTYPE_BF16);
		if (c->n_out == 2)
			map_store(c->out[1].data, i, best, false);
		((uint8_t *)c->saved[0].data)[i] = (uint8_t)place;
	}
	return 0;
}

static int reference_backward(struct op_call *c)
{
	const struct max_pool_param *p = c->param;
	const struct tensor *x = &c->din[0], *y = &c->dout[0];
	bool bf16 = x->dtype == DTYPE_BF16;
	float *dx = arena_calloc(c->scratch, (size_t)tensor_count(x), sizeof *dx);
	if (dx == NULL)
		return -1;
	for (int64_t i = 0; i < tensor_count(y); i++) {
		int64_t ch = i % y->dim[3], ow = i / y->dim[3] % y->dim[2], oh = i / y->dim[3] / y->dim[2] % y->dim[1];
		int64_t n = i / y->dim[3] / y->dim[2] / y->dim[1];
		int place = ((const uint8_t *)c->saved[0].data)[i];
		int64_t h = oh * p->stride - p->pad + place / p->kernel, w = ow * p->stride - p->pad + place % p->kernel;
		dx[((n * x->dim[1] + h) * x->dim[2] + w) * x->dim[3] + ch] += map_load(y->data, i, bf16);
	}
	for (int64_t i = 0; i < tensor_count(x); i++)
		map_store(x->data, i, dx[i] + (map_adds(c, 0) ? map_load(x->data, i, bf16) : 0), bf16);
	return 0;
}

static double flops(const struct op_call *c)
{
	const struct max_pool_param *p = c->param;
	return (double)tensor_count(&c->out[0]) * p->kernel * p->kernel;
}

/* Values far enough apart that a difference quotient changes no winner; the wide ones differ by less than bf16 shows. */
static void fill(struct op_call *c)
{
	struct tensor *x = &c->in[0];
	int64_t n = tensor_count(x);
	for (int64_t i = 0; i < n; i++) {
		map_store(x->data, i, (float)(i * 7919 % n - n / 2) / 128, x->dtype == DTYPE_BF16);
		if (c->n_in == 2)
			map_store(c->in[1].data, i, 1 + (float)(i * 7919 % n) / (float)(1024 * n), false);
	}
}

static const struct max_pool_param resnet = { .kernel = 3, .stride = 2, .pad = 1 };
static const struct max_pool_param wide_out = { .kernel = 3, .stride = 2, .pad = 1, .wide = true };
static const struct max_pool_param halves = { .kernel = 2, .stride = 2, .pad = 0 };
static const struct max_pool_param sparse = { .kernel = 2, .stride = 3, .pad = 1 };
static const struct max_pool_param dense = { .kernel = 5, .stride = 1, .pad = 2 };
static const struct max_pool_param point = { .kernel = 1, .stride = 2, .pad = 0 };

static const struct op_case cases[] = {
	{ .name = "resnet, odd", .param = &resnet, .n_in = 1, .rank = { 4 }, .dim = { { 3, 9, 7, 19 } }, .fill = fill },
	{ .name = "resnet, even", .param = &resnet, .n_in = 1, .rank = { 4 }, .dim = { { 2, 8, 12, 64 } }, .fill = fill },
	{ .name = "wide", .param = &wide_out, .n_in = 1, .rank = { 4 }, .dim = { { 2, 8, 6, 19 } }, .fill = fill },
	{ .name = "wide x, wide", .param = &wide_out, .n_in = 2, .rank = { 4, 4 }, .dim = { { 2, 8, 6, 80 }, { 2, 8, 6, 80 } },
	  .f32_mask = 2, .no_gradient_mask = 2, .no_slope_mask = 1, .fill = fill },
	{ .name = "one pixel", .param = &resnet, .n_in = 1, .rank = { 4 }, .dim = { { 1, 1, 1, 80 } }, .fill = fill },
	{ .name = "halves", .param = &halves, .n_in = 1, .rank = { 4 }, .dim = { { 1, 5, 4, 3 } }, .fill = fill },
	{ .name = "gaps", .param = &sparse, .n_in = 1, .rank = { 4 }, .dim = { { 2, 11, 8, 17 } }, .fill = fill },
	{ .name = "dense", .param = &dense, .n_in = 1, .rank = { 4 }, .dim = { { 1, 6, 9, 33 } }, .fill = fill },
	{ .name = "subsampling", .param = &point, .n_in = 1, .rank = { 4 }, .dim = { { 2, 7, 6, 128 } }, .fill = fill },
	{ .name = "stem", .param = &resnet, .n_in = 1, .rank = { 4 }, .dim = { { 1, 64, 64, 64 } }, .fill = fill, .bench = true },
	{ .name = NULL },
};

const struct op op_max_pool = {
	.name = "max_pool", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward, .flops = flops,
	.can_add = 1, .needs_in = 0, .needs_out = 0, .cases = cases,
};
