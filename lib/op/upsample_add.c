#include "op/upsample_add.h"

#include "op/add.h"
#include "op/relu.h"

#include <math.h>

enum { LATERAL, TOP };

int64_t upsample_source(int64_t i, int64_t in, int64_t out)
{
	if (out == in)
		return i;
	if (out == 2 * in)
		return i / 2;
	float scale = (float)in / (float)out;
	int64_t source = (int64_t)floorf((float)i * scale);
	return source < in ? source : in - 1;
}

int64_t upsample_first(int64_t s, int64_t in, int64_t out)
{
	/* The exact quotient is at most one place off what rounding makes of it. */
	int64_t i = s * out / in - 1;
	if (i < 0)
		i = 0;
	while (i < out && upsample_source(i, in, out) < s)
		i++;
	return i;
}

static int shape(struct op_call *c)
{
	TRY(map_check_inputs("upsample_add", c, 2, false));
	const struct tensor *lateral = &c->in[LATERAL], *top = &c->in[TOP];
	TRY(map_check("upsample_add", "lateral", lateral));
	TRY(map_check("upsample_add", "top", top));
	char text[96], other[96];
	if (top->dtype != lateral->dtype || top->dim[0] != lateral->dim[0] || top->dim[3] != lateral->dim[3])
		return err_set("upsample_add: top is %s %s, does not go with lateral %s %s",
			       dtype_name((int)top->dtype), tensor_shape_text(top, text),
			       dtype_name((int)lateral->dtype), tensor_shape_text(lateral, other));
	c->n_out = 1;
	c->out[0] = tensor_shape(lateral->dtype, 4, lateral->dim);
	c->n_saved = 0;
	return 0;
}

static int forward(struct op_call *c)
{
	const struct tensor *lateral = &c->in[LATERAL], *top = &c->in[TOP], *y = &c->out[0];
	int64_t height = y->dim[1], width = y->dim[2], channels = y->dim[3], rows = y->dim[0] * height;
	bool bf16 = y->dtype == DTYPE_BF16;
	int threads = map_threads((int64_t)tensor_bytes(y));
#pragma omp parallel for num_threads(threads)
	for (int64_t row = 0; row < rows; row++) {
		int64_t top_row = row / height * top->dim[1] + upsample_source(row % height, top->dim[1], height);
		for (int64_t w = 0; w < width; w++) {
			int64_t at = (row * width + w) * channels;
			int64_t from = top_row * top->dim[2] + upsample_source(w, top->dim[2], width);
			ISA_PICK(add_rows)(map_at(y, at), map_at(lateral, at), map_at(top, from * channels), channels, bf16);
		}
	}
	return 0;
}

static void backward_top(struct op_call *c)
{
	const struct tensor *dy = &c->dout[0], *dtop = &c->din[TOP];
	int64_t top_height = dtop->dim[1], top_width = dtop->dim[2], height = dy->dim[1], width = dy->dim[2];
	int64_t rows = dtop->dim[0] * top_height, channels = dy->dim[3];
	bool bf16 = dy->dtype == DTYPE_BF16, add = map_adds(c, TOP);
	int threads = map_threads((int64_t)tensor_bytes(dy));
#pragma omp parallel for num_threads(threads)
	for (int64_t row = 0; row < rows; row++) {
		int64_t h = upsample_first(row % top_height, top_height, height);
		int64_t h_end = upsample_first(row % top_height + 1, top_height, height);
		for (int64_t s = 0; s < top_width; s++) {
			int64_t w = upsample_first(s, top_width, width), w_end = upsample_first(s + 1, top_width, width);
			int64_t from = ((row / top_height * height + h) * width + w) * channels;
			ISA_PICK(upsample_grad_pixel)(map_at(dtop, (row * top_width + s) * channels), map_at(dy, from),
						      h_end - h, w_end - w, width * channels, channels, add, bf16);
		}
	}
}

static int backward(struct op_call *c)
{
	const struct tensor everywhere = { .data = NULL };
	if (c->dout[0].data == NULL) {
		map_zero_gradients(c);
		return 0;
	}
	if (c->din[LATERAL].data != NULL)
		relu_grad(&c->din[LATERAL], &c->dout[0], &everywhere, map_adds(c, LATERAL));
	if (c->din[TOP].data != NULL)
		backward_top(c);
	return 0;
}

/* The element of top that element i of y copies. */
static int64_t reference_source(const struct op_call *c, int64_t i)
{
	const struct tensor *y = &c->out[0], *top = &c->in[TOP];
	int64_t ch = i % y->dim[3], w = i / y->dim[3] % y->dim[2], h = i / y->dim[3] / y->dim[2] % y->dim[1];
	int64_t n = i / y->dim[3] / y->dim[2] / y->dim[1];
	int64_t th = (int64_t)((float)h * ((float)top->dim[1] / (float)y->dim[1]));
	int64_t tw = (int64_t)((float)w * ((float)top->dim[2] / (float)y->dim[2]));
	return ((n * top->dim[1] + th) * top->dim[2] + tw) * top->dim[3] + ch;
}

static int reference(struct op_call *c)
{
	bool bf16 = c->out[0].dtype == DTYPE_BF16;
	for (int64_t i = 0; i < tensor_count(&c->out[0]); i++)
		map_store(c->out[0].data, i, map_load(c->in[LATERAL].data, i, bf16) +
			  map_load(c->in[TOP].data, reference_source(c, i), bf16), bf16);
	return 0;
}

static int reference_backward(struct op_call *c)
{
	const struct tensor *dy = &c->dout[0];
	bool bf16 = dy->dtype == DTYPE_BF16;
	for (int k = LATERAL; k <= TOP; k++) {
		int64_t n = tensor_count(&c->in[k]);
		float *sum = arena_calloc(c->scratch, (size_t)n, sizeof *sum);
		if (sum == NULL)
			return -1;
		for (int64_t i = 0; i < tensor_count(dy); i++)
			sum[k == LATERAL ? i : reference_source(c, i)] += map_load(dy->data, i, bf16);
		for (int64_t i = 0; c->din[k].data != NULL && i < n; i++)
			map_store(c->din[k].data, i, sum[i] + (map_adds(c, k) ? map_load(c->din[k].data, i, bf16) : 0), bf16);
	}
	return 0;
}

static double flops(const struct op_call *c)
{
	return (double)tensor_count(&c->out[0]);
}

#define CASE(title, n, h, w, th, tw, ch) \
	.name = title, .n_in = 2, .rank = { 4, 4 }, .dim = { { n, h, w, ch }, { n, th, tw, ch } }

static const struct op_case cases[] = {
	{ CASE("double", 2, 8, 10, 4, 5, 64) },
	{ CASE("odd", 3, 7, 5, 4, 3, 19) },
	{ CASE("one to many", 1, 5, 3, 1, 1, 16) },
	{ CASE("same size", 1, 3, 4, 3, 4, 48) },
	{ CASE("smaller than top", 2, 3, 2, 7, 5, 33) },
	{ CASE("rounding", 1, 100, 1, 41, 1, 3) },
	{ CASE("p3", 1, 64, 64, 32, 32, 256), .bench = true },
	{ .name = NULL },
};

const struct op op_upsample_add = {
	.name = "upsample_add", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward, .flops = flops,
	.can_add = 3, .needs_in = 0, .needs_out = 0, .cases = cases,
};
