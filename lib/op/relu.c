#include "op/relu.h"

static int shape(struct op_call *c)
{
	TRY(map_check_inputs("relu", c, 1, false));
	TRY(map_check("relu", "x", &c->in[0]));
	c->n_out = 1;
	c->out[0] = tensor_shape(c->in[0].dtype, 4, c->in[0].dim);
	c->n_saved = 0;
	return 0;
}

static int forward(struct op_call *c)
{
	const struct tensor *x = &c->in[0], *y = &c->out[0];
	bool bf16 = x->dtype == DTYPE_BF16;
	int threads = map_threads((int64_t)tensor_bytes(x));
#pragma omp parallel num_threads(threads)
	{
		int64_t lo, hi;
		map_share(tensor_count(x), &lo, &hi);
		ISA_PICK(relu_rows)(map_at(y, lo), map_at(x, lo), hi - lo, bf16);
	}
	return 0;
}

void relu_grad(const struct tensor *dx, const struct tensor *dy, const struct tensor *y, bool add)
{
	bool bf16 = dx->dtype == DTYPE_BF16;
	int threads = map_threads((int64_t)tensor_bytes(dx));
#pragma omp parallel num_threads(threads)
	{
		int64_t lo, hi;
		map_share(tensor_count(dx), &lo, &hi);
		ISA_PICK(relu_grad_rows)(map_at(dx, lo), map_at(dy, lo), map_at(y, lo), hi - lo, add, bf16);
	}
}

static int backward(struct op_call *c)
{
	if (c->dout[0].data == NULL)
		map_zero_gradients(c);
	else if (c->din[0].data != NULL)
		relu_grad(&c->din[0], &c->dout[0], &c->out[0], map_adds(c, 0));
	return 0;
}

static int reference(struct op_call *c)
{
	bool bf16 = c->in[0].dtype == DTYPE_BF16;
	for (int64_t i = 0; i < tensor_count(&c->in[0]); i++) {
		float x = map_load(c->in[0].data, i, bf16);
		map_store(c->out[0].data, i, x < 0 ? 0 : x, bf16);
	}
	return 0;
}

static int reference_backward(struct op_call *c)
{
	bool bf16 = c->in[0].dtype == DTYPE_BF16;
	for (int64_t i = 0; c->din[0].data != NULL && i < tensor_count(&c->in[0]); i++) {
		float old = map_adds(c, 0) ? map_load(c->din[0].data, i, bf16) : 0;
		float pass = map_load(c->in[0].data, i, bf16) > 0 ? map_load(c->dout[0].data, i, bf16) : 0;
		map_store(c->din[0].data, i, old + pass, bf16);
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
	{ .name = "p3", .n_in = 1, .rank = { 4 }, .dim = { { 1, 64, 64, 256 } }, .bench = true },
	{ .name = NULL },
};

const struct op op_relu = {
	.name = "relu", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward, .flops = flops,
	.can_add = 1, .needs_in = 0, .needs_out = 1, .cases = cases,
};
