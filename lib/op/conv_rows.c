#include "base/isa.h"
#include "op/conv_backend.h"

ISA_DECLARE(void, conv_mask_rows, (void *dz, float *db, const void *dout, const void *y, int64_t rows, int64_t co,
				   bool bf16))

/* Rows are cut into a fixed number of pieces, whatever the number of threads, and their sums added in order. */
enum { PIECES = 32 };

int conv_mask_and_sum(void *dz, float *db, const void *dout, const void *y, enum dtype dtype, int64_t rows, int64_t co,
	struct arena *scratch)
{
	if (y == NULL && db == NULL)
		return 0;
	float *sums = arena_calloc(scratch, PIECES * (size_t)co, sizeof *sums);
	if (sums == NULL)
		return -1;
#pragma omp parallel for schedule(static)
	for (int p = 0; p < PIECES; p++) {
		int64_t first = rows * p / PIECES, end = rows * (p + 1) / PIECES;
		size_t at = (size_t)(first * co) * dtype_size((int)dtype);
		ISA_PICK(conv_mask_rows)(y == NULL ? NULL : (char *)dz + at, sums + p * co, (const char *)dout + at,
			y == NULL ? NULL : (const char *)y + at, end - first, co, dtype == DTYPE_BF16);
	}
	for (int p = 0; db != NULL && p < PIECES; p++)
		for (int64_t i = 0; i < co; i++)
			db[i] += sums[p * co + i];
	return 0;
}
