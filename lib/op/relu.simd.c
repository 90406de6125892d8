#include "op/relu.h"

MAP_INLINE void forward(void *restrict y, const void *restrict x, int64_t n, bool bf16)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		map_store(y, i, map_relu(map_load(x, i, bf16)), bf16);
}

void ISA_NAME(relu_rows)(void *y, const void *x, int64_t n, bool bf16)
{
	if (bf16)
		forward(y, x, n, true);
	else
		forward(y, x, n, false);
}

MAP_INLINE void grad(void *restrict dx, const void *restrict dy, const void *restrict y, int64_t n, bool masked,
		     bool add, bool bf16)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++) {
		float v = map_load(dy, i, bf16);
		if (masked)
			v = map_pass(v, map_load(y, i, bf16));
		if (add)
			v += map_load(dx, i, bf16);
		map_store(dx, i, v, bf16);
	}
}

MAP_INLINE void grad_dtype(void *dx, const void *dy, const void *y, int64_t n, bool add, bool bf16)
{
	if (y != NULL && add)
		grad(dx, dy, y, n, true, true, bf16);
	else if (y != NULL)
		grad(dx, dy, y, n, true, false, bf16);
	else if (add)
		grad(dx, dy, y, n, false, true, bf16);
	else
		grad(dx, dy, y, n, false, false, bf16);
}

void ISA_NAME(relu_grad_rows)(void *dx, const void *dy, const void *y, int64_t n, bool add, bool bf16)
{
	if (bf16)
		grad_dtype(dx, dy, y, n, add, true);
	else
		grad_dtype(dx, dy, y, n, add, false);
}
