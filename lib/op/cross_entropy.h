/*
 * cross_entropy: softmax cross-entropy with label smoothing, the mean over all pixels.
 *
 *   in[0]  z       f32 or bf16 [N H W K] logits
 *   in[1]  labels  i32 [N*H*W], each in 0 .. K-1
 *   out    loss    f32 [1]
 *   saved  f32 [N*H*W]: log(sum exp z) of each row
 *
 * With q = (1 - s) [k = label] + s/K and p = softmax(z):
 *
 *     loss = -mean over rows of sum_k q_k log p_k        dz = (p - q)/rows * dloss
 *
 * Source: Szegedy et al., arXiv 1512.00567, section 7; torch.nn.CrossEntropyLoss(label_smoothing=s).
 * Error: a label out of range, smoothing outside of [0, 1).
 */
#ifndef OP_CROSS_ENTROPY_H
#define OP_CROSS_ENTROPY_H

#include "op/map.h"

struct cross_entropy_param {
	double smoothing;
};

extern const struct op op_cross_entropy;

/* For references: p [k] = softmax of row `row` of z [.. .. .. k], f32 or bf16, in double. */
void cross_entropy_softmax(double *p, const struct tensor *z, int64_t row);

#endif
