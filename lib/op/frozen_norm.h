/*
 * frozen_norm: batch norm whose statistics and parameters are constants.
 *
 *     y = relu?(x*scale + shift + residual?),  scale = gamma/sqrt(var + eps), shift = beta - mean*scale
 *
 *   in  x [N H W C], gamma, beta, mean, var f32 [C], residual as x (with param.add),
 *       wide residual f32, read in its place (optional)
 *   out y, as x; wide f32: y before rounding (with param.wide; see norm.h)
 * Gradients: only of x and residual.
 */
#ifndef OP_FROZEN_NORM_H
#define OP_FROZEN_NORM_H

#include "op/op.h"

#include <stdbool.h>

struct frozen_norm_param {
	float eps;
	bool relu;
	bool add;	/* there is a residual */
	bool wide;	/* y is wanted in f32, too */
};

extern const struct op op_frozen_norm;

#endif
