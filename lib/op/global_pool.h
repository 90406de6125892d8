/*
 * global_pool: the mean of each channel over all pixels of an image.
 *
 *   in   x [N H W C]
 *   out  y [N 1 1 C]
 *
 * Padding counts as image. Sums are in f32, pixel by pixel in their order.
 * No param (NULL).
 */
#ifndef OP_GLOBAL_POOL_H
#define OP_GLOBAL_POOL_H

#include "base/isa.h"
#include "op/map.h"

extern const struct op op_global_pool;

/* y [C] = the mean of x [pixels C]; sum f32 [C] is scratch. */
ISA_DECLARE(void, global_pool_image, (void *y, float *sum, const void *x, int64_t pixels, int64_t c, bool bf16))

/* dx [pixels C] = (add: dx +) dy [C] / pixels. */
ISA_DECLARE(void, global_pool_grad_image, (void *dx, const void *dy, int64_t pixels, int64_t c, bool add, bool bf16))

#endif
