/*
 * soft_cross_entropy: softmax cross-entropy against whole distributions, each row with a weight of its own.
 *
 *   in[0]  z        f32 or bf16 [N H W K] logits
 *   in[1]  targets  f32 [N*H*W K] q, probabilities
 *   in[2]  weights  f32 [N*H*W] w
 *   out    loss     f32 [1]
 *          rows     f32 [N*H*W] the losses of the rows, without weights; they have no gradient
 *   saved  f32 [N*H*W]: log(sum exp z) of each row
 *
 * With p = softmax(z) and Q = sum_k q_k, which is 1 for a distribution:
 *
 *     rows = -sum_k q_k log p_k        loss = sum of w * rows        dz = w (Q p - q) * dloss
 *
 * Source: Hinton et al., arXiv 1503.02531, section 2; torch.nn.functional.cross_entropy with probabilities.
 */
#ifndef OP_SOFT_CROSS_ENTROPY_H
#define OP_SOFT_CROSS_ENTROPY_H

#include "op/map.h"

extern const struct op op_soft_cross_entropy;

#endif
