/*
 * lanes: vectors of the instruction level being compiled for, and their way from and
 * to feature maps in f32 or bf16. For *.simd.c files only.
 */
#ifndef OP_LANES_H
#define OP_LANES_H

#include "tensor/tensor.h"

#include <stdint.h>
#include <string.h>

enum { LANES = __BIGGEST_ALIGNMENT__ / 4 };

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef uint32_t vec_u32 __attribute__((vector_size(LANES * 4)));
typedef int32_t vec_i32 __attribute__((vector_size(LANES * 4)));
typedef uint16_t vec_u16 __attribute__((vector_size(LANES * 2)));

#define ALWAYS_INLINE static inline __attribute__((always_inline))

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
	vec_u32 bits = __builtin_convertvector(half, vec_u32) << 16;
	return (vec)bits;
}

/* Rounded as f32_to_bf16() does. */
ALWAYS_INLINE void lanes_store(void *to, enum dtype dtype, long i, int count, vec v)
{
	if (dtype == DTYPE_F32) {
		memcpy((float *)to + i, &v, count * sizeof(float));
		return;
	}
	vec_u32 bits = (vec_u32)v;
	vec_u32 nan = (vec_u32)(v != v);
	vec_u32 rounded = bits + 0x7fffu + ((bits >> 16) & 1u);
	bits = (nan & (bits | 0x400000u)) | (~nan & rounded);
	vec_u16 half = __builtin_convertvector(bits >> 16, vec_u16);
	memcpy((uint16_t *)to + i, &half, count * sizeof(uint16_t));
}

#endif
