/*
 * gemm_tile: the innermost loops of a matrix product, f32, on packed panels.
 *
 * The caller lays its operands out as the loops read them and blocks them for the caches;
 * there is no general-purpose driver here. GEMM_COLUMNS columns of the right-hand matrix
 * form a panel [k][GEMM_COLUMNS]. All panels start aligned to 64 bytes.
 */
#ifndef OP_GEMM_TILE_H
#define OP_GEMM_TILE_H

#include "base/isa.h"

#include <stdbool.h>

enum {
	GEMM_COLUMNS = 32,	/* of a panel of the right-hand matrix, and of a tile of the product */
	GEMM_DEPTH = 16,	/* k is a multiple of it for gemm_rows; see the layout of a */
	GEMM_ROWS = 14,	/* most rows of gemm_rows */
	GEMM_OUTER_ROWS = 13,	/* rows of gemm_outer: divides 64, 128, 256, 512 with the least waste */
};

/*
 * c = a b for a tile of rows.
 *   c  [rows][GEMM_COLUMNS]
 *   a  [depth / GEMM_DEPTH][rows][GEMM_DEPTH]   b  [depth][GEMM_COLUMNS]
 *   next  what will be multiplied next, brought towards this core meanwhile: next_lines cache lines, or NULL
 *   rows 1 .. GEMM_ROWS   columns: how many are wanted; others may be left unwritten
 *   depth a multiple of GEMM_DEPTH
 * Every element is summed in the order of k whatever the rows, so blocking changes no bit.
 */
ISA_DECLARE(void, gemm_rows, (float *c, const float *a, const float *b, const float *next, int rows, int columns,
	long depth))

/*
 * c = a' b, or c += a' b, for GEMM_OUTER_ROWS columns of a.
 *   c  [GEMM_OUTER_ROWS][GEMM_COLUMNS], the first `rows` of which are written, and at least `columns` columns
 *   a  [depth] rows that are a_stride apart; GEMM_OUTER_ROWS elements of each are read
 *   b  [depth][GEMM_COLUMNS]
 */
ISA_DECLARE(void, gemm_outer, (float *c, const float *a, long a_stride, const float *b, int rows, int columns,
	long depth, bool add))

#endif
