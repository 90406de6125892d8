#include "op/add.h"

#include "op/lanes.h"

ALWAYS_INLINE void add_lanes(void *y, const void *a, const void *b, int64_t j, int count, enum dtype dtype)
{
	lanes_store(y, dtype, j, count, lanes_load(a, dtype, j, count) + lanes_load(b, dtype, j, count));
}

void ISA_NAME(add_rows)(void *y, const void *a, const void *b, int64_t n, bool bf16)
{
	if (bf16)
		FOR_LANES(j, count, n, add_lanes(y, a, b, j, count, DTYPE_BF16));
	else
		FOR_LANES(j, count, n, add_lanes(y, a, b, j, count, DTYPE_F32));
}
