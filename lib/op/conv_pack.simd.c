#include "op/conv_pack.h"

#include "op/gemm_tile.h"
#include "tensor/tensor.h"

#include <math.h>

#define DEFINE_PACK(T, suffix, LOAD, STORE) \
	void ISA_NAME(conv_pack_##suffix)(float *to, long stride, const T *from, long count) \
	{ \
		long whole = from == NULL ? 0 : count - count % GEMM_DEPTH, c = 0; \
		for (; c < whole; c += GEMM_DEPTH, to += stride) \
			for (int i = 0; i < GEMM_DEPTH; i++) \
				to[i] = LOAD(from[c + i]); \
		for (; c < count; c += GEMM_DEPTH, to += stride) \
			for (int i = 0; i < GEMM_DEPTH; i++) \
				to[i] = from != NULL && c + i < count ? LOAD(from[c + i]) : 0; \
	} \
	void ISA_NAME(conv_store_##suffix)(T *restrict to, const float *restrict sums, const float *restrict bias, bool add, \
		bool relu, long count) \
	{ \
		const float floor = relu ? 0 : -INFINITY; \
		for (long c = 0; c < count; c++) { \
			float v = sums[c] + (bias != NULL ? bias[c] : 0) + (add ? LOAD(to[c]) : 0); \
			to[c] = STORE(v < floor ? floor : v); \
		} \
	}

#define SAME(v) (v)
DEFINE_PACK(float, f32, SAME, SAME)
DEFINE_PACK(uint16_t, bf16, bf16_to_f32, f32_to_bf16)
