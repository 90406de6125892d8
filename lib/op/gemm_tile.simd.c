#include "op/gemm_tile.h"
#include "op/lanes.h"

/*
 * A tile of 14 rows and `WIDTH` columns stays in registers: 28 + 2 of the 32 of AVX-512 with two
 * vectors a row, 14 + 1 of the 16 of AVX2 and SSE with one.
 */
enum {
	VECTORS = LANES == 16 ? 2 : 1,
	WIDTH = LANES * VECTORS,
};

/* `rows` and `vectors` are constants where this is inlined; so are they in tile_outer. */
ALWAYS_INLINE void tile_rows(float *c, const float *a, const float *b, const float *next, const int rows,
	const int vectors, long depth)
{
	vec sum[GEMM_ROWS][VECTORS] = { 0 };
	for (long k = 0; k < depth; k += GEMM_DEPTH) {
		for (int i = 0; i < GEMM_DEPTH; i++) {
			__builtin_prefetch(next, 0, 2);
			next += GEMM_COLUMNS;
			vec right[VECTORS];
#pragma GCC unroll 2
			for (int v = 0; v < vectors; v++)
				right[v] = *(const vec *)(b + v * LANES);
#pragma GCC unroll 14
			for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
				for (int v = 0; v < vectors; v++)
					sum[r][v] += a[r * GEMM_DEPTH + i] * right[v];
			b += GEMM_COLUMNS;
		}
		a += rows * GEMM_DEPTH;
	}
#pragma GCC unroll 14
	for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
		for (int v = 0; v < vectors; v++)
			*(vec *)(c + r * GEMM_COLUMNS + v * LANES) = sum[r][v];
}

#define CASE(n, vectors) case n: tile_rows(c, a, b, next, n, vectors, depth); break;
#define CASES(vectors) \
	CASE(1, vectors) CASE(2, vectors) CASE(3, vectors) CASE(4, vectors) CASE(5, vectors) \
	CASE(6, vectors) CASE(7, vectors) CASE(8, vectors) CASE(9, vectors) CASE(10, vectors) \
	CASE(11, vectors) CASE(12, vectors) CASE(13, vectors) CASE(14, vectors)

static void rows_full(float *c, const float *a, const float *b, const float *next, int rows, long depth)
{
	switch (rows) {
	CASES(VECTORS)
	}
}

/* One vector wide, for the last columns. */
static void rows_narrow(float *c, const float *a, const float *b, const float *next, int rows, long depth)
{
	switch (rows) {
	CASES(1)
	}
}

void ISA_NAME(gemm_rows)(float *c, const float *a, const float *b, const float *next, int rows, int columns, long depth)
{
	for (int j = 0; j < columns; j += WIDTH) {
		bool narrow = VECTORS > 1 && columns - j <= LANES;
		(narrow ? rows_narrow : rows_full)(c + j, a, b + j, next + j, rows, depth);
	}
}

ALWAYS_INLINE void tile_outer(float *c, const float *a, long a_stride, const float *b, int rows, const int vectors,
	long depth, bool add)
{
	vec sum[GEMM_OUTER_ROWS][VECTORS] = { 0 };
	/* What will be added to, and column by column what the next tile multiplies. */
	for (int r = 0; add && r < rows; r++)
		for (int v = 0; v < vectors; v++)
			__builtin_prefetch(c + r * GEMM_COLUMNS + v * LANES, 1, 3);
	for (long k = 0; k < depth; k++) {
		__builtin_prefetch(a + 2 * GEMM_OUTER_ROWS - 1, 0, 3);
		vec right[VECTORS];
#pragma GCC unroll 2
		for (int v = 0; v < vectors; v++)
			right[v] = *(const vec *)(b + v * LANES);
#pragma GCC unroll 14
		for (int r = 0; r < GEMM_OUTER_ROWS; r++)
#pragma GCC unroll 2
			for (int v = 0; v < vectors; v++)
				sum[r][v] += a[r] * right[v];
		a += a_stride;
		b += GEMM_COLUMNS;
	}
#pragma GCC unroll 14
	for (int r = 0; r < GEMM_OUTER_ROWS; r++)
		if (r < rows)
#pragma GCC unroll 2
			for (int v = 0; v < vectors; v++) {
				vec *to = (vec *)(c + r * GEMM_COLUMNS + v * LANES);
				*to = add ? *to + sum[r][v] : sum[r][v];
			}
}

void ISA_NAME(gemm_outer)(float *c, const float *a, long a_stride, const float *b, int rows, int columns, long depth,
	bool add)
{
	for (int j = 0; j < columns; j += WIDTH)
		if (VECTORS > 1 && columns - j <= LANES)
			tile_outer(c + j, a, a_stride, b + j, rows, 1, depth, add);
		else
			tile_outer(c + j, a, a_stride, b + j, rows, VECTORS, depth, add);
}
