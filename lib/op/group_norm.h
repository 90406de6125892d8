/*
 * group_norm: normalisation over groups of channels of one image, with the sum of a
 * shortcut and the relu that follow it in residual blocks.
 *
 *     y = relu?((x - mean)/sqrt(var + eps)*gamma + beta + residual?)
 *
 * mean and var (biased) are those of the H*W*C/groups values of an image's group.
 *   in    x [N H W C], gamma f32 [C], beta f32 [C], residual as x (with param.add),
 *         wide residual f32, read in its place (optional)
 *   out   y, as x; wide f32: y before rounding (with param.wide; see norm.h)
 *   saved mean f32 [N groups], rstd f32 [N groups] = 1/sqrt(var + eps)
 * Error: groups that do not divide C.
 * Source: Y. Wu, K. He, "Group normalization", ECCV 2018, equations 1-3 and 7.
 */
#ifndef OP_GROUP_NORM_H
#define OP_GROUP_NORM_H

#include "op/op.h"

#include <stdbool.h>

struct group_norm_param {
	int groups;
	float eps;
	bool relu;
	bool add;	/* there is a residual */
	bool wide;	/* y is wanted in f32, too */
};

extern const struct op op_group_norm;

#endif
