#include "base/isa.h"
#include "detect/scan_kernel.h"
#include "tensor/tensor.h"

/* Numbers looked at together before it is asked which one it was. */
enum { BLOCK = 256 };

int64_t ISA_NAME(scan_above_f32)(const float *x, int64_t i, int64_t n, float least)
{
	for (; i + BLOCK <= n; i += BLOCK) {
		int32_t any = 0;
		for (int j = 0; j < BLOCK; j++)
			any |= x[i + j] >= least;
		if (any)
			break;
	}
	while (i < n && !(x[i] >= least))
		i++;
	return i;
}

int64_t ISA_NAME(scan_above_bf16)(const uint16_t *x, int64_t i, int64_t n, float least)
{
	for (; i + BLOCK <= n; i += BLOCK) {
		int32_t any = 0;
		for (int j = 0; j < BLOCK; j++)
			any |= bf16_to_f32(x[i + j]) >= least;
		if (any)
			break;
	}
	while (i < n && !(bf16_to_f32(x[i]) >= least))
		i++;
	return i;
}
