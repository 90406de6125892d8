/*
 * The two passes of a bilinear resize. Between them a value has 6 fractional bits, so a column
 * sum of 8 + 14 bits becomes 14 bits, and a row sum of 14 + 14 bits fits 32.
 */
#include "base/isa.h"
#include "image/resize_fours.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BLOCK = 128, COLUMN_SHIFT = 8 };

typedef uint8_t four_u8 __attribute__((vector_size(4)));
typedef int16_t four_i16 __attribute__((vector_size(8)));
typedef int32_t four_i32 __attribute__((vector_size(16)));

void ISA_NAME(resize_columns)(int16_t *out, const uint8_t *source, size_t stride, const int16_t *weight, int taps, int n);
void ISA_NAME(resize_row)(uint8_t *out, const int16_t *row, const int32_t *at, const int32_t *weight, int pairs, int n);

static inline void columns(int16_t *restrict out, const uint8_t *restrict source, size_t stride, const int16_t *weight,
			   int taps, int n)
{
	for (int i = 0; i < n; i++) {
		int32_t sum = 1 << (COLUMN_SHIFT - 1);
		for (int k = 0; k < taps; k++)
			sum += weight[k] * source[(size_t)k * stride + (size_t)i];
		out[i] = (int16_t)(sum >> COLUMN_SHIFT);
	}
}

/* Any number of rows: in blocks whose sums stay in the cache. */
static void columns_block(int16_t *restrict out, const uint8_t *restrict source, size_t stride, const int16_t *weight,
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
		out[i] = (int16_t)(sum[i] >> COLUMN_SHIFT);
}

/* out i16 [n] = source rows u8 weighted: out[i] = sum over k of weight[k] * source[k*stride + i], 6 fractional bits. */
void ISA_NAME(resize_columns)(int16_t *out, const uint8_t *source, size_t stride, const int16_t *weight, int taps, int n)
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

/* The sum of pixels from..from+2*pairs of a row, and what is next to the last of them where its weight is 0. */
static inline four_u8 blend(const int16_t *from, const int32_t *weight, int pairs, size_t n)
{
	four_i32 sum = { 1 << (ROW_SHIFT - 1), 1 << (ROW_SHIFT - 1), 1 << (ROW_SHIFT - 1), 0 };
	for (int k = 0; k < pairs; k++) {
		four_i16 left, right;
		int32_t pair = weight[(size_t)k * n];
		memcpy(&left, from + 6 * k, sizeof left);
		memcpy(&right, from + 6 * k + 3, sizeof right);
		sum += __builtin_convertvector(left, four_i32) * (int16_t)pair;
		sum += __builtin_convertvector(right, four_i32) * (pair >> 16);
	}
	return __builtin_convertvector(sum >> ROW_SHIFT, four_u8);
}

static inline void blend_row(uint8_t *out, const int16_t *row, const int32_t *at, const int32_t *weight, int pairs, int n)
{
	four_u8 pixel;
	int i = resize_fours(out, row, at, weight, pairs, n);
	/* Four bytes are written where a pixel has three; the next pixel puts the fourth right. */
	for (; i < n - 1; i++) {
		pixel = blend(row + at[i], weight + i, pairs, (size_t)n);
		memcpy(out + 3 * i, &pixel, 4);
	}
	pixel = blend(row + at[n - 1], weight + n - 1, pairs, (size_t)n);
	memcpy(out + 3 * (n - 1), &pixel, 3);
}

/*
 * out u8 [n 3]: pixel i is the sum over k of weight[k][i] * row[at[i] + 6*k ..], where a weight i32 [pairs n] is those of two
 * neighbours, the left one in its lower half; row has 8 more numbers than are used.
 */
void ISA_NAME(resize_row)(uint8_t *out, const int16_t *row, const int32_t *at, const int32_t *weight, int pairs, int n)
{
	switch (pairs) {	/* the usual numbers, so that the loops over them are unrolled */
	case 1: blend_row(out, row, at, weight, 1, n); break;
	case 2: blend_row(out, row, at, weight, 2, n); break;
	default: blend_row(out, row, at, weight, pairs, n); break;
	}
}
