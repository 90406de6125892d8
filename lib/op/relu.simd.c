#include "op/relu.h"

#include "op/lanes.h"

ALWAYS_INLINE void forward_lanes(void *y, const void *x, int64_t j, int count, enum dtype dtype)
{
	lanes_store(y, dtype, j, count, lanes_relu(lanes_load(x, dtype, j, count)));
}

void ISA_NAME(relu_rows)(void *y, const void *x, int64_t n, bool bf16)
{
	if (bf16)
		FOR_LANES(j, count, n, forward_lanes(y, x, j, count, DTYPE_BF16));
	else
		FOR_LANES(j, count, n, forward_lanes(y, x, j, count, DTYPE_F32));
}

ALWAYS_INLINE void grad_lanes(void *dx, const void *dy, const void *y, int64_t j, int count, bool masked, bool add,
			      enum dtype dtype)
{
	vec v = lanes_load(dy, dtype, j, count);
	if (masked)
		v = lanes_pass(v, lanes_load(y, dtype, j, count));
	if (add)
		v += lanes_load(dx, dtype, j, count);
	lanes_store(dx, dtype, j, count, v);
}

ALWAYS_INLINE void grad(void *dx, const void *dy, const void *y, int64_t n, bool masked, bool add, enum dtype dtype)
{
	FOR_LANES(j, count, n, grad_lanes(dx, dy, y, j, count, masked, add, dtype));
}

ALWAYS_INLINE void grad_dtype(void *dx, const void *dy, const void *y, int64_t n, bool add, enum dtype dtype)
{
	if (y != NULL && add)
		grad(dx, dy, y, n, true, true, dtype);
	else if (y != NULL)
		grad(dx, dy, y, n, true, false, dtype);
	else if (add)
		grad(dx, dy, y, n, false, true, dtype);
	else
		grad(dx, dy, y, n, false, false, dtype);
}

void ISA_NAME(relu_grad_rows)(void *dx, const void *dy, const void *y, int64_t n, bool add, bool bf16)
{
	if (bf16)
		grad_dtype(dx, dy, y, n, add, DTYPE_BF16);
	else
		grad_dtype(dx, dy, y, n, add, DTYPE_F32);
}
