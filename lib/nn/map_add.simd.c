#include "base/isa.h"
#include "tensor/tensor.h"

void ISA_NAME(map_add)(void *y, const void *x, long n, int is_bf16);

/* y += x, element by element; f32 or bf16 (added in f32, rounded once). */
void ISA_NAME(map_add)(void *y, const void *x, long n, int is_bf16)
{
	if (is_bf16) {
		uint16_t *restrict to = y;
		const uint16_t *restrict from = x;
		for (long i = 0; i < n; i++)
			to[i] = f32_to_bf16(bf16_to_f32(to[i]) + bf16_to_f32(from[i]));
	} else {
		float *restrict to = y;
		const float *restrict from = x;
		for (long i = 0; i < n; i++)
			to[i] += from[i];
	}
}
