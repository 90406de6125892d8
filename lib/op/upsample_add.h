/*
 * upsample_add: the top-down step of a feature pyramid.
 *
 *     y[h, w] = lateral[h, w] + top[source(h), source(w)]      (nearest neighbour)
 *
 *   in  lateral [N H W C], top [N Ht Wt C] of the same dtype, any size
 *   out y, as lateral
 * No param (NULL). source(i) = floor(i * (float)in/out), computed in f32 as torch's
 * interpolate(mode='nearest', size=...) does; exactly i and i/2 when out is in or twice in.
 * Source: T.-Y. Lin et al., "Feature pyramid networks for object detection", CVPR 2017, section 3.
 */
#ifndef OP_UPSAMPLE_ADD_H
#define OP_UPSAMPLE_ADD_H

#include "base/isa.h"
#include "op/map.h"

extern const struct op op_upsample_add;

/* The place in `in` places that place i of `out` places copies. */
int64_t upsample_source(int64_t i, int64_t in, int64_t out);

/* The first of `out` places whose source is at least s; the places of s end where those of s + 1 begin. */
int64_t upsample_first(int64_t s, int64_t in, int64_t out);

/*
 * One pixel of top: dtop [C] = (add: dtop +) sum of dy over rows x columns pixels, whose rows are
 * `pitch` elements apart.
 */
ISA_DECLARE(void, upsample_grad_pixel, (void *dtop, const void *dy, int64_t rows, int64_t columns, int64_t pitch,
					int64_t c, bool add, bool bf16))

#endif
