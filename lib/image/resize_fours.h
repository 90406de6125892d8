/*
 * resize_fours: the row pass of a resize, four pixels at a time, by the instruction that multiplies 16-bit neighbours and adds
 * them up, which plain loops do not become. For resize.simd.c only.
 */
#ifndef IMAGE_RESIZE_FOURS_H
#define IMAGE_RESIZE_FOURS_H

#include <stddef.h>
#include <stdint.h>

enum { ROW_SHIFT = 20 };	/* of a row sum: 14 bits of the weights, 6 of what lies between the passes */

/*
 * int resize_fours(out, row, at, weight, pairs, n): as resize_row(), for the first pixels; how many. 16 bytes are written where
 * four pixels have 12, so one that follows remains. A vector holds eight numbers of a row, r0 g0 b0 r1 g1 b1 of which are used.
 */
#if defined(__AVX2__)
#include <immintrin.h>

/* r0 r1 g0 g1 b0 b1, and anything twice. */
#define RESIZE_NEIGHBOURS 0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, 4, 5, 10, 11

/* Four pixels of four bytes, to three bytes each. */
static inline void resize_put_fours(uint8_t *out, __m128i pixels)
{
	const __m128i three = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
	_mm_storeu_si128((void *)out, _mm_shuffle_epi8(pixels, three));
}

static inline __m128i resize_load(const void *from)
{
	return _mm_loadu_si128(from);
}
#endif

#if defined(__AVX512BW__)
static inline int resize_fours(uint8_t *out, const int16_t *row, const int32_t *at, const int32_t *weight, int pairs, int n)
{
	const __m512i spread = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
	const __m512i neighbours = _mm512_broadcast_i32x4(_mm_setr_epi8(RESIZE_NEIGHBOURS));
	int i = 0;
	for (; i < n - 5; i += 4) {
		__m512i sum = _mm512_set1_epi32(1 << (ROW_SHIFT - 1));
		for (int k = 0; k < pairs; k++) {
			__m512i pixels = _mm512_castsi128_si512(resize_load(row + at[i] + 6 * k));
			pixels = _mm512_inserti32x4(pixels, resize_load(row + at[i + 1] + 6 * k), 1);
			pixels = _mm512_inserti32x4(pixels, resize_load(row + at[i + 2] + 6 * k), 2);
			pixels = _mm512_inserti32x4(pixels, resize_load(row + at[i + 3] + 6 * k), 3);
			__m512i w = _mm512_castsi128_si512(resize_load(weight + (size_t)k * (size_t)n + i));
			sum = _mm512_add_epi32(sum, _mm512_madd_epi16(_mm512_permutexvar_epi32(spread, w),
								      _mm512_shuffle_epi8(pixels, neighbours)));
		}
		resize_put_fours(out + 3 * i, _mm512_cvtepi32_epi8(_mm512_srai_epi32(sum, ROW_SHIFT)));
	}
	return i;
}
#elif defined(__AVX2__)
static inline __m128i resize_blend(const int16_t *from, const int32_t *weight, int pairs, size_t n)
{
	const __m128i neighbours = _mm_setr_epi8(RESIZE_NEIGHBOURS);
	__m128i sum = _mm_set1_epi32(1 << (ROW_SHIFT - 1));
	for (int k = 0; k < pairs; k++)
		sum = _mm_add_epi32(sum, _mm_madd_epi16(_mm_set1_epi32(weight[(size_t)k * n]),
							_mm_shuffle_epi8(resize_load(from + 6 * k), neighbours)));
	return _mm_srai_epi32(sum, ROW_SHIFT);
}

static inline int resize_fours(uint8_t *out, const int16_t *row, const int32_t *at, const int32_t *weight, int pairs, int n)
{
	int i = 0;
	for (; i < n - 5; i += 4) {
		__m128i pixel[4];
		for (int k = 0; k < 4; k++)
			pixel[k] = resize_blend(row + at[i + k], weight + i + k, pairs, (size_t)n);
		resize_put_fours(out + 3 * i, _mm_packus_epi16(_mm_packs_epi32(pixel[0], pixel[1]),
							       _mm_packs_epi32(pixel[2], pixel[3])));
	}
	return i;
}
#else
static inline int resize_fours(uint8_t *out, const int16_t *row, const int32_t *at, const int32_t *weight, int pairs, int n)
{
	(void)out, (void)row, (void)at, (void)weight, (void)pairs, (void)n;
	return 0;
}
#endif

#endif
