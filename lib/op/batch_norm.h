/*
 * batch_norm: normalisation of each channel over the batch, with the sum of a shortcut
 * and the relu that follow it in residual blocks.
 *
 *     y = relu?((x - mean)/sqrt(var + eps)*gamma + beta + residual?)
 *
 *   in    x [N H W C], gamma, beta, running_mean, running_var f32 [C], residual as x (with param.add),
 *         wide residual f32, read in its place (optional)
 *   out   y, as x; wide f32: y before rounding (with param.wide; see norm.h)
 *   saved mean f32 [C], rstd f32 [C] = 1/sqrt(var + eps)
 *
 * With op_call.training mean and var (biased) are those of the batch, and forward updates the
 * running statistics in place: running = (1 - momentum)*running + momentum*batch, with the unbiased
 * variance. Otherwise they are the running statistics, constants for backward. The flag must
 * be the same in forward and backward.
 * Error: training on one value per channel.
 * Source: S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015; the running variance as in torch.
 */
#ifndef OP_BATCH_NORM_H
#define OP_BATCH_NORM_H

#include "op/op.h"

#include <stdbool.h>

struct batch_norm_param {
	float eps;
	float momentum;
	bool relu;
	bool add;	/* there is a residual */
	bool wide;	/* y is wanted in f32, too */
};

extern const struct op op_batch_norm;

#endif
