#include "base/isa.h"
#include "tensor/tensor.h"

void ISA_NAME(normalise_row)(void *to, const uint8_t *from, long n, const float *scale, const float *shift, int is_bf16);

/* to[i] = from[i]*scale[i % 3] + shift[i % 3] for n RGB pixels; to is f32 or bf16. */
void ISA_NAME(normalise_row)(void *to, const uint8_t *from, long n, const float *scale, const float *shift, int is_bf16)
{
	float *wide = to;
	uint16_t *narrow = to;
	for (long i = 0; i < n; i++)
		for (int c = 0; c < 3; c++) {
			float x = (float)from[3 * i + c] * scale[c] + shift[c];
			if (is_bf16)
				narrow[3 * i + c] = f32_to_bf16(x);
			else
				wide[3 * i + c] = x;
		}
}
