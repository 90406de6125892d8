/*
 * Element-wise passes of the convolution's backward, compiled per instruction level.
 * The loops are plain; f32 and bf16 differ only in how a number is loaded and stored.
 */
#include "base/isa.h"
#include "tensor/tensor.h"

#define DEFINE_ROWS(T, suffix, LOAD, STORE) \
	void ISA_NAME(conv_mask_rows_##suffix)(T *restrict dz, float *restrict db, const T *restrict dout, \
		const T *restrict y, long rows, long co); \
	void ISA_NAME(conv_mask_rows_##suffix)(T *restrict dz, float *restrict db, const T *restrict dout, \
		const T *restrict y, long rows, long co) \
	{ \
		for (long r = 0; r < rows; r++, dz += co, dout += co, y += co) \
			for (long i = 0; i < co; i++) { \
				float g = LOAD(y[i]) > 0 ? LOAD(dout[i]) : 0; \
				db[i] += g; \
				dz[i] = STORE(g); \
			} \
	} \
	void ISA_NAME(conv_sum_rows_##suffix)(float *restrict db, const T *restrict dout, long rows, long co); \
	void ISA_NAME(conv_sum_rows_##suffix)(float *restrict db, const T *restrict dout, long rows, long co) \
	{ \
		for (long r = 0; r < rows; r++, dout += co) \
			for (long i = 0; i < co; i++) \
				db[i] += LOAD(dout[i]); \
	} \
	void ISA_NAME(conv_add_##suffix)(T *restrict dst, const T *restrict src, long n); \
	void ISA_NAME(conv_add_##suffix)(T *restrict dst, const T *restrict src, long n) \
	{ \
		for (long i = 0; i < n; i++) \
			dst[i] = STORE(LOAD(dst[i]) + LOAD(src[i])); \
	}

#define SAME(v) (v)
DEFINE_ROWS(float, f32, SAME, SAME)
DEFINE_ROWS(uint16_t, bf16, bf16_to_f32, f32_to_bf16)
