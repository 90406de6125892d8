/*
 * sgd: the kernels of the optimiser, for a run of n weights.
 */
#ifndef NN_SGD_H
#define NN_SGD_H

#include "base/isa.h"

#include <stdint.h>

/* What the update of one run multiplies by. */
struct sgd_factors {
	float gradient;	/* of clipping */
	float decay;
	float momentum;
	float lr;
	float ema_decay;
};

/* Sum of squares in f64, added in 16 lanes whatever the instructions. */
ISA_DECLARE(double, sgd_square_sum, (const float *dw, int64_t n))

/* buf = momentum*buf + gradient*dw + decay*w, w -= lr*buf, and the average unless ema is NULL. */
ISA_DECLARE(void, sgd_update, (float *w, float *buf, float *ema, const float *dw, int64_t n, const struct sgd_factors *f))

#endif
