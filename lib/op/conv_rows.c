#include "base/isa.h"
#include "op/conv_backend.h"

#define DECLARE_ROWS(T, suffix) \
	ISA_DECLARE(void, conv_mask_rows_##suffix, (T *dz, float *db, const T *dout, const T *y, long rows, long co)) \
	ISA_DECLARE(void, conv_sum_rows_##suffix, (float *db, const T *dout, long rows, long co)) \
	ISA_DECLARE(void, conv_add_##suffix, (T *dst, const T *src, long n))

DECLARE_ROWS(float, f32)
DECLARE_ROWS(uint16_t, bf16)

/* Rows are cut into a fixed number of pieces, whatever the number of threads, and their sums added in order. */
enum { PIECES = 32 };

static void mask_piece(void *dz, float *db, const void *dout, const void *y, enum dtype dtype, int64_t row, int64_t rows,
	int64_t co)
{
	int64_t at = row * co;
	if (dtype == DTYPE_BF16 && y != NULL)
		ISA_PICK(conv_mask_rows_bf16)((uint16_t *)dz + at, db, (const uint16_t *)dout + at, (const uint16_t *)y + at,
			rows, co);
	else if (dtype == DTYPE_BF16)
		ISA_PICK(conv_sum_rows_bf16)(db, (const uint16_t *)dout + at, rows, co);
	else if (y != NULL)
		ISA_PICK(conv_mask_rows_f32)((float *)dz + at, db, (const float *)dout + at, (const float *)y + at, rows, co);
	else
		ISA_PICK(conv_sum_rows_f32)(db, (const float *)dout + at, rows, co);
}

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
		mask_piece(dz, sums + p * co, dout, y, dtype, first, end - first, co);
	}
	for (int p = 0; db != NULL && p < PIECES; p++)
		for (int64_t i = 0; i < co; i++)
			db[i] += sums[p * co + i];
	return 0;
}

void conv_add(void *dst, const void *src, enum dtype dtype, int64_t n)
{
	const int64_t block = 1 << 14;
#pragma omp parallel for schedule(static)
	for (int64_t at = 0; at < n; at += block) {
		int64_t count = n - at < block ? n - at : block;
		if (dtype == DTYPE_BF16)
			ISA_PICK(conv_add_bf16)((uint16_t *)dst + at, (const uint16_t *)src + at, count);
		else
			ISA_PICK(conv_add_f32)((float *)dst + at, (const float *)src + at, count);
	}
}
