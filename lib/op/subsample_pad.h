/*
 * subsample_pad: the shortcut without parameters of a residual network: every other pixel, and more channels that are 0.
 *
 *     y[h, w, (Co - Ci) / 2 + c] = x[2 h, 2 w, c], all others 0
 *
 *   in   x [N H W Ci]
 *   out  y [N (H+1)/2 (W+1)/2 Co] of the same dtype
 * Source: He et al., arXiv 1512.03385, section 3.3, option A; the zeros stand on both sides, as in the weights for CIFAR
 * that are in use.
 */
#ifndef OP_SUBSAMPLE_PAD_H
#define OP_SUBSAMPLE_PAD_H

#include "op/map.h"

extern const struct op op_subsample_pad;

struct subsample_pad_param {
	int64_t channels;	/* Co, at least Ci */
};

#endif
