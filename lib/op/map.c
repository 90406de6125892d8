#include "op/map.h"

#include <omp.h>
#include <string.h>

int map_check(const char *op, const char *what, const struct tensor *t)
{
	char text[96];
	if (t->dtype != DTYPE_F32 && t->dtype != DTYPE_BF16)
		return err_set("%s: %s is %s, must be f32 or bf16", op, what, dtype_name((int)t->dtype));
	if (t->rank != 4 || tensor_count(t) < 1)
		return err_set("%s: %s is %s, must be [N H W C]", op, what, tensor_shape_text(t, text));
	return 0;
}

int map_check_same(const char *op, const char *what, const struct tensor *t, const struct tensor *like)
{
	char text[96], like_text[96];
	if (tensor_same_shape(t, like))
		return 0;
	return err_set("%s: %s is %s %s, must be %s %s", op, what, dtype_name((int)t->dtype), tensor_shape_text(t, text),
		       dtype_name((int)like->dtype), tensor_shape_text(like, like_text));
}

int map_check_channels(const char *op, const char *what, const struct tensor *t, int64_t channels)
{
	char text[96];
	if (t->dtype == DTYPE_F32 && t->rank == 1 && t->dim[0] == channels)
		return 0;
	return err_set("%s: %s is %s %s, must be f32 [%lld]", op, what, dtype_name((int)t->dtype),
		       tensor_shape_text(t, text), (long long)channels);
}

int map_check_inputs(const char *op, const struct op_call *c, int n, bool residual)
{
	if (residual ? c->n_in == n + 1 : c->n_in == n || (c->n_in == n + 1 && c->in[n].rank == 0))
		return 0;
	return err_set("%s: %d inputs, must be %d", op, c->n_in, n + residual);
}

void map_zero_gradients(struct op_call *c)
{
	for (int i = 0; i < c->n_in; i++)
		if (c->din[i].data != NULL && !map_adds(c, i))
			memset(c->din[i].data, 0, tensor_bytes(&c->din[i]));
}

void map_share(int64_t total, int64_t *lo, int64_t *hi)
{
	int64_t threads = omp_get_num_threads(), me = omp_get_thread_num();
	*lo = total * me / threads;
	*hi = total * (me + 1) / threads;
}

int map_threads(int64_t bytes)
{
	enum { BYTES_PER_THREAD = 64 << 10 };
	int64_t worth = bytes / BYTES_PER_THREAD + 1;
	int most = omp_get_max_threads();
	return worth < most ? (int)worth : most;
}
