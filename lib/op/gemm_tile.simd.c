#include "op/gemm_tile.h"

#include <string.h>

/*
 * A tile of 14 rows and `WIDTH` columns stays in registers: 28 + 2 of the 32 of AVX-512 with two
 * vectors a row, 14 + 1 of the 16 of AVX2 and SSE with one.
 */
enum {
	LANES = __BIGGEST_ALIGNMENT__ / 4,
	VECTORS = LANES == 16 ? 2 : 1,
	WIDTH = LANES * VECTORS,
};

typedef float vec __attribute__((vector_size(LANES * 4)));

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE void tile_rows(float *c, const float *a, const float *b, const float *next, const int rows, long depth)
{
	vec sum[GEMM_ROWS][VECTORS] = { 0 };
	for (long k = 0; k < depth; k += GEMM_DEPTH) {
		for (int i = 0; i < GEMM_DEPTH; i++) {
			__builtin_prefetch(next, 0, 2);
			next += GEMM_COLUMNS;
			vec right[VECTORS];
#pragma GCC unroll 2
			for (int v = 0; v < VECTORS; v++)
				right[v] = *(const vec *)(b + v * LANES);
#pragma GCC unroll 14
			for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
				for (int v = 0; v < VECTORS; v++)
					sum[r][v] += a[r * GEMM_DEPTH + i] * right[v];
			b += GEMM_COLUMNS;
		}
		a += rows * GEMM_DEPTH;
	}
#pragma GCC unroll 14
	for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
		for (int v = 0; v < VECTORS; v++)
			*(vec *)(c + r * GEMM_COLUMNS + v * LANES) = sum[r][v];
}

void ISA_NAME(gemm_rows)(float *c, const float *a, const float *b, const float *next, int rows, long depth)
{
#define CASE(n) case n: tile_rows(c + j, a, b + j, next + j, n, depth); break;
	for (int j = 0; j < GEMM_COLUMNS; j += WIDTH)
		switch (rows) {
		CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
		CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
		}
#undef CASE
}

ALWAYS_INLINE void tile_outer(float *c, const float *a, long a_stride, const float *b, int rows, long depth)
{
	vec sum[GEMM_OUTER_ROWS][VECTORS] = { 0 };
	for (long k = 0; k < depth; k++) {
		vec right[VECTORS];
#pragma GCC unroll 2
		for (int v = 0; v < VECTORS; v++)
			right[v] = *(const vec *)(b + v * LANES);
#pragma GCC unroll 14
		for (int r = 0; r < GEMM_OUTER_ROWS; r++)
#pragma GCC unroll 2
			for (int v = 0; v < VECTORS; v++)
				sum[r][v] += a[r] * right[v];
		a += a_stride;
		b += GEMM_COLUMNS;
	}
#pragma GCC unroll 14
	for (int r = 0; r < GEMM_OUTER_ROWS; r++)
		if (r < rows)
#pragma GCC unroll 2
			for (int v = 0; v < VECTORS; v++)
				*(vec *)(c + r * GEMM_COLUMNS + v * LANES) += sum[r][v];
}

void ISA_NAME(gemm_outer)(float *c, const float *a, long a_stride, const float *b, int rows, long depth)
{
	for (int j = 0; j < GEMM_COLUMNS; j += WIDTH)
		tile_outer(c + j, a, a_stride, b + j, rows, depth);
}
