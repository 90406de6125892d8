#include "nn/sgd.h"

#include <stddef.h>

enum { LANES = 16 };

double ISA_NAME(sgd_square_sum)(const float *dw, int64_t n)
{
	double lane[LANES] = { 0 };
	int64_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (int j = 0; j < LANES; j++)
			lane[j] += (double)dw[i + j] * (double)dw[i + j];
	for (int j = 0; i + j < n; j++)
		lane[j] += (double)dw[i + j] * (double)dw[i + j];
	double sum = 0;
	for (int j = 0; j < LANES; j++)
		sum += lane[j];
	return sum;
}

void ISA_NAME(sgd_update)(float *restrict w, float *restrict buf, float *restrict ema, const float *restrict dw,
			  int64_t n, const struct sgd_factors *f)
{
	const struct sgd_factors k = *f;
#pragma omp simd
	for (int64_t i = 0; i < n; i++) {
		float g = dw[i] * k.gradient + k.decay * w[i];
		float b = k.momentum * buf[i] + g;
		buf[i] = b;
		w[i] -= k.lr * b;
	}
	if (ema == NULL)
		return;
	/* The second pass over w meets the first cache: runs are short. */
#pragma omp simd
	for (int64_t i = 0; i < n; i++)
		ema[i] = k.ema_decay * ema[i] + (1 - k.ema_decay) * w[i];
}
