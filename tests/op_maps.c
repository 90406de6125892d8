/*
 * What the case tables of the ops on maps do not show: the number of threads changes no bit, large means cost
 * no accuracy, NaNs are not hidden, the masks of both kinds agree, and wrong shapes are refused with a message.
 */
#include "base/rng.h"
#include "op/batch_norm.h"
#include "op/group_norm.h"
#include "op/max_pool.h"
#include "op/upsample_add.h"
#include "tests/tap.h"

#include <omp.h>
#include <stdlib.h>

static struct arena memory, scratch;

static struct tensor tensor_make(int rank, const int64_t *dim, uint64_t key)
{
	struct tensor t;
	struct rng g = rng_make(key);
	if (tensor_new(&t, &memory, DTYPE_F32, rank, dim) != 0)
		abort();
	for (int64_t i = 0; i < tensor_count(&t); i++)
		((float *)t.data)[i] = (float)rng_normal(&g);
	return t;
}

/* A call on x, parameters of its channels and, with a residual, another map; forward and backward have run. */
static struct op_call call_make(const struct op *op, const void *param, const int64_t dim[4], int n_param, bool residual)
{
	struct op_call c = { .param = param, .scratch = &scratch, .training = true };
	c.in[c.n_in++] = tensor_make(4, dim, 1);
	for (int i = 0; i < n_param; i++)
		c.in[c.n_in++] = tensor_make(1, &dim[3], 2 + (uint64_t)i);
	if (residual)
		c.in[c.n_in++] = tensor_make(4, dim, 10);
	bool good = op->shape(&c) == 0;
	if (!good || tensor_new(&c.out[0], &memory, c.out[0].dtype, 4, c.out[0].dim) != 0)
		abort();
	for (int i = 0; i < c.n_saved; i++)
		if (tensor_new(&c.saved[i], &memory, c.saved[i].dtype, c.saved[i].rank, c.saved[i].dim) != 0)
			abort();
	c.dout[0] = tensor_make(4, c.out[0].dim, 11);
	for (int i = 0; i < c.n_in; i++)
		if (n_param < 4 || i < 3 || i == 5)
			c.din[i] = tensor_make(c.in[i].rank, c.in[i].dim, 12);
	if (op->forward(&c) != 0 || op->backward(&c) != 0)
		abort();
	arena_reset(&scratch);
	return c;
}

static void check_threads(const struct op *op, const void *param, int n_param, bool residual)
{
	const int64_t dim[] = { 3, 37, 41, 96 };
	struct op_call c[2];
	int most = omp_get_max_threads();
	for (int k = 0; k < 2; k++) {
		omp_set_num_threads(k == 0 ? 1 : 3);
		c[k] = call_make(op, param, dim, n_param, residual);
	}
	omp_set_num_threads(most);
	bool same = memcmp(c[0].out[0].data, c[1].out[0].data, tensor_bytes(&c[0].out[0])) == 0;
	for (int i = 0; i < c[0].n_in; i++) {
		same &= memcmp(c[0].in[i].data, c[1].in[i].data, tensor_bytes(&c[0].in[i])) == 0;
		if (c[0].din[i].data != NULL)
			same &= memcmp(c[0].din[i].data, c[1].din[i].data, tensor_bytes(&c[0].din[i])) == 0;
	}
	ok(same, "%s: 1 and 3 threads give the same bits", op->name);
	arena_reset(&memory);
}

/* A deviation of 1 around 1000: f32 sums of squares without a shift would lose it. */
static void check_large_mean(void)
{
	const struct group_norm_param p = { .groups = 4, .eps = 1e-5f };
	const int64_t dim[] = { 1, 100, 100, 8 };
	struct op_call c = call_make(&op_group_norm, &p, dim, 2, false);
	float *x = c.in[0].data;
	double sum = 0, square = 0, n = 20000;
	for (int64_t i = 0; i < tensor_count(&c.in[0]); i++)
		x[i] += 1000;
	for (int64_t i = 0; i < tensor_count(&c.in[0]); i += i % 8 == 1 ? 7 : 1)
		sum += x[i];
	for (int64_t i = 0; i < tensor_count(&c.in[0]); i += i % 8 == 1 ? 7 : 1)
		square += (x[i] - sum / n) * (x[i] - sum / n);
	ok(op_group_norm.forward(&c) == 0, "group norm of values around 1000");
	arena_reset(&scratch);
	is_near(*(float *)c.saved[0].data, sum / n, 1e-4, "its mean");
	is_near(*(float *)c.saved[1].data * sqrt(square / n + 1e-5), 1, 2e-6, "its deviation");
	arena_reset(&memory);
}

/* The mask recomputed from x must be the one that forward wrote into y. */
static void check_mask(void)
{
	const struct group_norm_param p = { .groups = 32, .eps = 1e-5f, .relu = true };
	const int64_t dim[] = { 2, 67, 61, 64 };
	struct op_call c = call_make(&op_group_norm, &p, dim, 2, false);
	double want = 0;
	for (int64_t i = 0; i < tensor_count(&c.out[0]); i += 64)
		want += ((float *)c.out[0].data)[i] > 0;
	for (int64_t i = 0; i < tensor_count(&c.dout[0]); i++)
		((float *)c.dout[0].data)[i] = 1;
	ok(op_group_norm.backward(&c) == 0, "backward of ones");
	arena_reset(&scratch);
	is_near(*(float *)c.din[2].data, want, 0, "the gradient of beta counts the values that passed");
	arena_reset(&memory);
}

static void check_nan(void)
{
	const struct max_pool_param pool = { .kernel = 3, .stride = 2, .pad = 1 };
	const struct group_norm_param gn = { .groups = 1, .eps = 1e-5f, .relu = true };
	const int64_t dim[] = { 1, 4, 4, 5 };
	struct op_call c = call_make(&op_max_pool, &pool, dim, 0, false);
	((float *)c.in[0].data)[0] = NAN;
	ok(op_max_pool.forward(&c) == 0 && isnan(*(float *)c.out[0].data), "max pool lets a NaN win");
	ok(*(uint8_t *)c.saved[0].data == 4, "and knows where it was");
	c = call_make(&op_group_norm, &gn, dim, 2, false);
	((float *)c.in[0].data)[7] = NAN;
	ok(op_group_norm.forward(&c) == 0 && isnan(*(float *)c.out[0].data), "group norm with relu does not hide a NaN");
	arena_reset(&scratch);
	arena_reset(&memory);
}

static void refused(const struct op *op, struct op_call c, const char *part)
{
	int status = op->shape(&c);
	if (!ok(status == -1 && strstr(err_get(), part) != NULL, "%s refuses: %s", op->name, part))
		printf("# status %d, message '%s'\n", status, err_get());
}

static void check_shapes(void)
{
	const struct group_norm_param gn = { .groups = 3, .eps = 1e-5f }, add = { .groups = 4, .add = true };
	const struct batch_norm_param bn = { .eps = 1e-5f, .momentum = 0.1f };
	const struct max_pool_param huge = { .kernel = 17, .stride = 1 }, large = { .kernel = 5, .stride = 1 };
	const int64_t dim[] = { 1, 1, 1, 64 }, other[] = { 2, 1, 1, 64 }, few = 32;
	struct tensor x = tensor_shape(DTYPE_F32, 4, dim), channels = tensor_shape(DTYPE_F32, 1, &dim[3]);
	struct tensor y = tensor_shape(DTYPE_F32, 4, other), narrow = tensor_shape(DTYPE_F32, 1, &few);
	refused(&op_group_norm, (struct op_call){ .param = &gn, .n_in = 3, .in = { x, channels, channels } },
		"3 groups do not divide 64 channels");
	refused(&op_group_norm, (struct op_call){ .param = &gn, .n_in = 3, .in = { x, channels, narrow } },
		"beta is f32 [32], must be f32 [64]");
	refused(&op_group_norm, (struct op_call){ .param = &add, .n_in = 3, .in = { x, channels, channels } },
		"3 inputs, must be 4");
	refused(&op_group_norm, (struct op_call){ .param = &add, .n_in = 4, .in = { x, channels, channels, y } },
		"residual is f32 [2 1 1 64], must be f32 [1 1 1 64]");
	refused(&op_batch_norm, (struct op_call){ .param = &bn, .n_in = 5, .training = true,
		.in = { x, channels, channels, channels, channels } }, "one value per channel");
	refused(&op_max_pool, (struct op_call){ .param = &huge, .n_in = 1, .in = { x } }, "kernel 17");
	refused(&op_max_pool, (struct op_call){ .param = &large, .n_in = 1, .in = { x } }, "smaller than the 5x5 window");
	refused(&op_upsample_add, (struct op_call){ .n_in = 2, .in = { x, y } }, "does not go with lateral");
	x.dtype = DTYPE_U8;
	refused(&op_max_pool, (struct op_call){ .param = &large, .n_in = 1, .in = { x } }, "x is u8, must be f32 or bf16");
}

int main(void)
{
	const struct group_norm_param gn = { .groups = 32, .eps = 1e-5f, .relu = true, .add = true };
	const struct batch_norm_param bn = { .eps = 1e-5f, .momentum = 0.1f, .relu = true };
	const struct max_pool_param pool = { .kernel = 3, .stride = 2, .pad = 1 };
	arena_init(&memory, 1 << 20);
	arena_init(&scratch, 1 << 20);
	check_threads(&op_group_norm, &gn, 2, true);
	check_threads(&op_batch_norm, &bn, 4, false);
	check_threads(&op_max_pool, &pool, 0, false);
	check_large_mean();
	check_mask();
	check_nan();
	check_shapes();
	arena_release(&memory);
	arena_release(&scratch);
	return tap_done();
}
