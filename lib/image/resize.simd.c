/*
 * The two passes of a bilinear resize. Between them a value has 6 fractional bits, so a column
 * sum of 8 + 14 bits becomes 14 bits, and a row sum of 14 + 14 bits fits 32. What lies between is kept in 32 bits: widening
 * it for each pixel costs more than the larger row.
 */
#include "base/isa.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BLOCK = 128, COLUMN_SHIFT = 8, ROW_SHIFT = 20 };

typedef uint8_t four_u8 __attribute__((vector_size(4)));
typedef int32_t four_i32 __attribute__((vector_size(16)));

void ISA_NAME(resize_columns)(int32_t *out, const uint8_t *source, size_t stride, const int16_t *weight, int taps, int n);
void ISA_NAME(resize_row)(uint8_t *out, const int32_t *row, const int32_t *at, const int32_t *weight, int taps, int n);

static inline void columns(int32_t *restrict out, const uint8_t *restrict source, size_t stride, const int16_t *weight,
			   int taps, int n)
{
	for (int i = 0; i < n; i++) {
		int32_t sum = 1 << (COLUMN_SHIFT - 1);
		for (int k = 0; k < taps; k++)
			sum += weight[k] * source[(size_t)k * stride + (size_t)i];
		out[i] = sum >> COLUMN_SHIFT;
	}
}

/* Any number of rows: in blocks whose sums stay in the cache. */
static void columns_block(int32_t *restrict out, const uint8_t *restrict source, size_t stride, const int16_t *weight,
			  int taps, int n)
{
	int32_t sum[BLOCK];
	for (int i = 0; i < n; i++)
		sum[i] = 1 << (COLUMN_SHIFT - 1);
	for (int k = 0; k < taps; k++) {
		int32_t w = weight[k];
		const uint8_t *line = source + (size_t)k * stride;
		for (int i = 0; i < n; i++)
			sum[i] += w * line[i];
	}
	for (int i = 0; i < n; i++)
		out[i] = sum[i] >> COLUMN_SHIFT;
}

/* out i32 [n] = source rows u8 weighted: out[i] = sum over k of weight[k] * source[k*stride + i], 6 fractional bits. */
void ISA_NAME(resize_columns)(int32_t *out, const uint8_t *source, size_t stride, const int16_t *weight, int taps, int n)
{
	switch (taps) {	/* the usual numbers, so that the loops over them are unrolled */
	case 1: columns(out, source, stride, weight, 1, n); return;
	case 2: columns(out, source, stride, weight, 2, n); return;
	case 3: columns(out, source, stride, weight, 3, n); return;
	case 4: columns(out, source, stride, weight, 4, n); return;
	default: break;
	}
	for (int i = 0; i < n; i += BLOCK)
		columns_block(out + i, source + i, stride, weight, taps, n - i < BLOCK ? n - i : BLOCK);
}

static inline four_u8 blend(const int32_t *from, const int32_t *weight, int taps)
{
	four_i32 sum = { 1 << (ROW_SHIFT - 1), 1 << (ROW_SHIFT - 1), 1 << (ROW_SHIFT - 1), 0 };
	for (int k = 0; k < taps; k++) {
		four_i32 pixel;
		memcpy(&pixel, from + 3 * k, sizeof pixel);
		sum += pixel * weight[k];
	}
	return __builtin_convertvector(sum >> ROW_SHIFT, four_u8);
}

static inline void blend_row(uint8_t *out, const int32_t *row, const int32_t *at, const int32_t *weight, int taps, int n)
{
	four_u8 pixel;
	/* Four bytes are written where a pixel has three; the next pixel puts the fourth right. */
	for (int i = 0; i < n - 1; i++) {
		pixel = blend(row + at[i], weight + (size_t)i * (size_t)taps, taps);
		memcpy(out + 3 * i, &pixel, 4);
	}
	pixel = blend(row + at[n - 1], weight + (size_t)(n - 1) * (size_t)taps, taps);
	memcpy(out + 3 * (n - 1), &pixel, 3);
}

/* out u8 [n 3]: pixel i is the sum over k of weight[i][k] * row[at[i] + 3*k ..]; row has 4 more numbers than are used. */
void ISA_NAME(resize_row)(uint8_t *out, const int32_t *row, const int32_t *at, const int32_t *weight, int taps, int n)
{
	switch (taps) {	/* the usual numbers, so that the loops over them are unrolled */
	case 2: blend_row(out, row, at, weight, 2, n); break;
	case 3: blend_row(out, row, at, weight, 3, n); break;
	case 4: blend_row(out, row, at, weight, 4, n); break;
	default: blend_row(out, row, at, weight, taps, n); break;
	}
}
