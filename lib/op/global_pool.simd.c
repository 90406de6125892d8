#include "op/global_pool.h"

MAP_INLINE void mean(void *y, float *sum, const void *x, int64_t pixels, int64_t c, bool bf16)
{
	for (int64_t j = 0; j < c; j++)
		sum[j] = 0;
	for (int64_t i = 0; i < pixels; i++) {
#pragma omp simd
		for (int64_t j = 0; j < c; j++)
			sum[j] += map_load(x, i * c + j, bf16);
	}
	for (int64_t j = 0; j < c; j++)
		map_store(y, j, sum[j] / (float)pixels, bf16);
}

MAP_INLINE void spread(void *dx, const void *dy, int64_t pixels, int64_t c, bool add, bool bf16)
{
	for (int64_t i = 0; i < pixels; i++) {
#pragma omp simd
		for (int64_t j = 0; j < c; j++) {
			float d = map_load(dy, j, bf16) / (float)pixels;
			map_store(dx, i * c + j, add ? map_load(dx, i * c + j, bf16) + d : d, bf16);
		}
	}
}

void ISA_NAME(global_pool_image)(void *y, float *sum, const void *x, int64_t pixels, int64_t c, bool bf16)
{
	if (bf16)
		mean(y, sum, x, pixels, c, true);
	else
		mean(y, sum, x, pixels, c, false);
}

void ISA_NAME(global_pool_grad_image)(void *dx, const void *dy, int64_t pixels, int64_t c, bool add, bool bf16)
{
	if (bf16 && add)
		spread(dx, dy, pixels, c, true, true);
	else if (bf16)
		spread(dx, dy, pixels, c, false, true);
	else
		spread(dx, dy, pixels, c, add, false);
}
