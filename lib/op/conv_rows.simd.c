/* Element-wise passes of the convolution's backward, compiled per instruction level. */
#include "base/isa.h"
#include "op/lanes.h"

enum { ROWS = 8 };

void ISA_NAME(conv_mask_rows)(void *dz, float *db, const void *dout, const void *y, int64_t rows, int64_t co, bool bf16);

ALWAYS_INLINE void mask_lanes(void *dz, float *db, const void *dout, const void *y, int64_t at, int64_t co, int n_rows,
			      int64_t j, int count, bool masked, enum dtype dtype)
{
	vec sum = lanes_load(db, DTYPE_F32, j, count);
#pragma GCC unroll 8
	for (int r = 0; r < n_rows; r++) {
		int64_t i = at + r * co + j;
		vec g = lanes_load(dout, dtype, i, count);
		if (masked) {
			g = lanes_pass(g, lanes_load(y, dtype, i, count));
			lanes_store(dz, dtype, i, count, g);
		}
		sum += g;
	}
	lanes_store(db, DTYPE_F32, j, count, sum);
}

ALWAYS_INLINE void mask_rows(void *dz, float *db, const void *dout, const void *y, int64_t rows, int64_t co, bool masked,
			     enum dtype dtype)
{
	int64_t row = 0;
	for (; row + ROWS <= rows; row += ROWS)
		FOR_LANES(j, count, co, mask_lanes(dz, db, dout, y, row * co, co, ROWS, j, count, masked, dtype));
	for (; row < rows; row++)
		FOR_LANES(j, count, co, mask_lanes(dz, db, dout, y, row * co, co, 1, j, count, masked, dtype));
}

/* dz = dout where y > 0, 0 elsewhere; db [co] += sum of its rows. y NULL: dz is not written, db += sum of dout's rows. */
void ISA_NAME(conv_mask_rows)(void *dz, float *db, const void *dout, const void *y, int64_t rows, int64_t co, bool bf16)
{
	if (bf16 && y != NULL)
		mask_rows(dz, db, dout, y, rows, co, true, DTYPE_BF16);
	else if (bf16)
		mask_rows(dz, db, dout, y, rows, co, false, DTYPE_BF16);
	else if (y != NULL)
		mask_rows(dz, db, dout, y, rows, co, true, DTYPE_F32);
	else
		mask_rows(dz, db, dout, y, rows, co, false, DTYPE_F32);
}
