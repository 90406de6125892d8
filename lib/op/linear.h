/*
 * linear: y = x w' + b for every pixel.
 *
 *   in[0]  w  f32 [K C]
 *   in[1]  b  f32 [K]
 *   in[2]  x  f32 or bf16 [N H W C]
 *   out    y  as x, [N H W K]
 *
 * In bf16 x is widened and the products are in f32; only y is rounded. Work is cut into blocks of outputs
 * that do not depend on the number of threads. No param (NULL).
 */
#ifndef OP_LINEAR_H
#define OP_LINEAR_H

#include "op/map.h"

extern const struct op op_linear;

#endif
