/*
 * lanes: vectors of the instruction level being compiled for, and their way from and
 * to feature maps in f32 or bf16. For *.simd.c files only. The few instructions that GCC does
 * not find by itself are named here, and nowhere else.
 */
#ifndef OP_LANES_H
#define OP_LANES_H

#include "tensor/tensor.h"

#include <stdint.h>
#include <string.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

enum { LANES = __BIGGEST_ALIGNMENT__ / 4 };

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef uint32_t vec_u32 __attribute__((vector_size(LANES * 4)));
typedef int32_t vec_i32 __attribute__((vector_size(LANES * 4)));
typedef uint16_t vec_u16 __attribute__((vector_size(LANES * 2)));

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/*
 * call for each LANES of n elements, j the first of them; `count` is the constant LANES, and less for the
 * last ones where n is no multiple:
 *     FOR_LANES(j, count, n, add_lanes(y, a, b, j, count));
 */
#define FOR_LANES(j, count, n, call) do { \
	int64_t j = 0; \
	{ \
		enum { count = LANES }; \
		for (; j + LANES <= (n); j += LANES) \
			call; \
	} \
	if (j < (n)) { \
		int count = (int)((n) - j); \
		call; \
	} \
} while (0)

/* bf16_to_f32() of each. */
ALWAYS_INLINE vec lanes_from_bf16(vec_u16 half)
{
#if defined(__AVX512F__)
	vec_u32 bits = (vec_u32)_mm512_cvtepu16_epi32((__m256i)half);
#elif defined(__AVX2__)
	vec_u32 bits = (vec_u32)_mm256_cvtepu16_epi32((__m128i)half);
#else
	vec_u32 bits = __builtin_convertvector(half, vec_u32);
#endif
	return (vec)(bits << 16);
}

/* The first `count` of LANES elements from index i on, the rest zero. */
ALWAYS_INLINE vec lanes_load(const void *from, enum dtype dtype, long i, int count)
{
	if (dtype == DTYPE_F32) {
		vec v = { 0 };
		memcpy(&v, (const float *)from + i, count * sizeof(float));
		return v;
	}
	vec_u16 half = { 0 };
	memcpy(&half, (const uint16_t *)from + i, count * sizeof(uint16_t));
	return lanes_from_bf16(half);
}

/* f32_to_bf16() of each. */
ALWAYS_INLINE vec_u16 lanes_to_bf16(vec v)
{
#ifdef __AVX512BF16__
	return (vec_u16)_mm512_cvtneps_pbh((__m512)v);
#else
	vec_u32 bits = (vec_u32)v, magnitude = bits & 0x7fffffffu;
	vec_u32 nan = (vec_u32)(v != v), tiny = (vec_u32)(magnitude < 0x800000u);
	vec_u32 rounded = bits + 0x7fffu + ((bits >> 16) & 1u);
	vec_u32 other = (nan & (bits | 0x400000u)) | (~nan & rounded);
	bits = (tiny & (bits & 0x80000000u)) | (~tiny & other);
	return __builtin_convertvector(bits >> 16, vec_u16);
#endif
}

ALWAYS_INLINE void lanes_store(void *to, enum dtype dtype, long i, int count, vec v)
{
	if (dtype == DTYPE_F32) {
		memcpy((float *)to + i, &v, count * sizeof(float));
		return;
	}
	vec_u16 half = lanes_to_bf16(v);
	memcpy((uint16_t *)to + i, &half, count * sizeof(uint16_t));
}

/* map_relu() of each: a NaN stays one. */
ALWAYS_INLINE vec lanes_relu(vec v)
{
#ifdef __AVX512F__
	return (vec)_mm512_max_ps(_mm512_setzero_ps(), (__m512)v);	/* of zero and NaN the second */
#else
	return (vec)((vec_i32)v & ~(vec_i32)(v < 0));
#endif
}

/* map_pass() of each: dy, zero where y <= 0. */
ALWAYS_INLINE vec lanes_pass(vec dy, vec y)
{
#ifdef __AVX512F__
	return (vec)_mm512_maskz_mov_ps(_mm512_cmp_ps_mask((__m512)y, _mm512_setzero_ps(), _CMP_NLE_UQ), (__m512)dy);
#else
	return (vec)((vec_i32)dy & ~(vec_i32)(y <= 0));
#endif
}

#endif
