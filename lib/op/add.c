#include "op/add.h"

#include "op/relu.h"

static int shape(struct op_call *c)
{
	TRY(map_check_inputs("add", c, 2, false));
	TRY(map_check("add", "a", &c->in[0]));
	TRY(map_check_same("add", "b", &c->in[1], &c->in[0]));
	c->n_out = 1;
	c->out[0] = tensor_shape(c->in[0].dtype, 4, c->in[0].dim);
	c->n_saved = 0;
	return 0;
}

void add_elements(void *y, const void *a, const void *b, int64_t n, bool bf16)
{
	int64_t size = bf16 ? 2 : 4;
	int threads = map_threads(n * size);
#pragma omp parallel num_threads(threads)
	{
		int64_t lo, hi;
		map_share(n, &lo, &hi);
		lo *= size;
		ISA_PICK(add_rows)((char *)y + lo, (const char *)a + lo, (const char *)b + lo, hi - lo / size, bf16);
	}
}

static int forward(struct op_call *c)
{
	const struct tensor *a = &c->in[0];
	add_elements(c->out[0].data, a->data, c->in[1].data, tensor_count(a), a->dtype == DTYPE_BF16);
	return 0;
}

static int backward(struct op_call *c)
{
	const struct tensor everywhere = { .data = NULL };
	if (c->dout[0].data == NULL)
		map_zero_gradients(c);
	for (int i = 0; i < 2 && c->dout[0].data != NULL; i++)
		if (c->din[i].data != NULL)
			relu_grad(&c->din[i], &c->dout[0], &everywhere, map_adds(c, i));
	return 0;
}

static int reference(struct op_call *c)
{
	bool bf16 = c->in[0].dtype == DTYPE_BF16;
	for (int64_t i = 0; i < tensor_count(&c->in[0]); i++)
		map_store(c->out[0].data, i, map_load(c->in[0].data, i, bf16) + map_load(c->in[1].data, i, bf16), bf16);
	return 0;
}

static int reference_backward(struct op_call *c)
{
	bool bf16 = c->in[0].dtype == DTYPE_BF16;
	for (int k = 0; k < 2; k++) {
		for (int64_t i = 0; c->din[k].data != NULL && i < tensor_count(&c->in[0]); i++) {
			float old = map_adds(c, k) ? map_load(c->din[k].data, i, bf16) : 0;
			map_store(c->din[k].data, i, old + map_load(c->dout[0].data, i, bf16), bf16);
		}
	}
	return 0;
}

static double flops(const struct op_call *c)
{
	return (double)tensor_count(&c->in[0]);
}

static const struct op_case cases[] = {
	{ .name = "odd", .n_in = 2, .rank = { 4, 4 }, .dim = { { 3, 5, 7, 19 }, { 3, 5, 7, 19 } } },
	{ .name = "one", .n_in = 2, .rank = { 4, 4 }, .dim = { { 1, 1, 1, 1 }, { 1, 1, 1, 1 } } },
	{ .name = "p3", .n_in = 2, .rank = { 4, 4 }, .dim = { { 1, 64, 64, 256 }, { 1, 64, 64, 256 } }, .bench = true },
	{ .name = NULL },
};

const struct op op_add = {
	.name = "add", .shape = shape, .forward = forward, .backward = backward,
	.reference = reference, .reference_backward = reference_backward, .flops = flops,
	.can_add = 3, .needs_in = 0, .needs_out = 0, .cases = cases,
};
