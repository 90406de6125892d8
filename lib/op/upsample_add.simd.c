#include "op/upsample_add.h"

enum { TILE = 64 };

MAP_INLINE void grad_tile(void *restrict dtop, const void *restrict dy, int64_t rows, int64_t columns, int64_t pitch,
			  int64_t c, int64_t from, int n, bool add, bool bf16)
{
	float sum[TILE];
	for (int j = 0; j < n; j++)
		sum[j] = add ? map_load(dtop, from + j, bf16) : 0;
	for (int64_t row = 0; row < rows; row++) {
		for (int64_t column = 0; column < columns; column++) {
			int64_t at = row * pitch + column * c + from;
#pragma omp simd
			for (int j = 0; j < n; j++)
				sum[j] += map_load(dy, at + j, bf16);
		}
	}
	for (int j = 0; j < n; j++)
		map_store(dtop, from + j, sum[j], bf16);
}

MAP_INLINE void grad_pixel(void *dtop, const void *dy, int64_t rows, int64_t columns, int64_t pitch, int64_t c,
			   bool add, bool bf16)
{
	int64_t from = 0;
	for (; from + TILE <= c; from += TILE)
		grad_tile(dtop, dy, rows, columns, pitch, c, from, TILE, add, bf16);
	if (from < c)
		grad_tile(dtop, dy, rows, columns, pitch, c, from, (int)(c - from), add, bf16);
}

void ISA_NAME(upsample_grad_pixel)(void *dtop, const void *dy, int64_t rows, int64_t columns, int64_t pitch, int64_t c,
				   bool add, bool bf16)
{
	if (bf16)
		grad_pixel(dtop, dy, rows, columns, pitch, c, add, true);
	else
		grad_pixel(dtop, dy, rows, columns, pitch, c, add, false);
}
