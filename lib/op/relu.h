/*
 * relu: y = max(x, 0), a NaN stays one.
 *   in  x [N H W C] f32 or bf16
 *   out y, as x
 * No param (NULL).
 */
#ifndef OP_RELU_H
#define OP_RELU_H

#include "base/isa.h"
#include "op/map.h"

extern const struct op op_relu;

/* y = max(x, 0) for n elements. */
ISA_DECLARE(void, relu_rows, (void *y, const void *x, int64_t n, bool bf16))

/*
 * Pass a gradient on: dx = (add: dx +) dy where y > 0, 0 elsewhere; everywhere when y is NULL.
 */
ISA_DECLARE(void, relu_grad_rows, (void *dx, const void *dy, const void *y, int64_t n, bool add, bool bf16))

/* The same for whole maps with all threads; y without data: everywhere. */
void relu_grad(const struct tensor *dx, const struct tensor *dy, const struct tensor *y, bool add);

#endif
