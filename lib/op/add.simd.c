#include "op/add.h"

MAP_INLINE void add(void *y, const void *a, const void *b, int64_t n, bool bf16)
{
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		map_store(y, i, map_load(a, i, bf16) + map_load(b, i, bf16), bf16);
}

void ISA_NAME(add_rows)(void *y, const void *a, const void *b, int64_t n, bool bf16)
{
	if (bf16)
		add(y, a, b, n, true);
	else
		add(y, a, b, n, false);
}
