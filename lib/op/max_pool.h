/*
 * max_pool: the largest value under a window, for each channel.
 *
 *   in    x [N H W C]
 *   out   y [N Ho Wo C], Ho = (H + 2*pad - kernel)/stride + 1, rounded down
 *   saved argmax u8, as y: the row-major place in the window that y came from
 *
 * The padding never wins. Of equal values the first in the window is taken; a NaN wins.
 * Error: kernel over 16 (the place must fit in u8), pad over kernel/2, a map smaller than the window.
 */
#ifndef OP_MAX_POOL_H
#define OP_MAX_POOL_H

#include "base/isa.h"
#include "op/map.h"

struct max_pool_param {
	int kernel;
	int stride;
	int pad;
};

extern const struct op op_max_pool;

/* A window: the pixels of x under it and their places, in window order. */
struct max_pool_window {
	int n;
	const void *x[256];	/* [C] each */
	uint8_t place[256];
};

/* One output pixel: y [C], argmax [C]. */
ISA_DECLARE(void, max_pool_pixel, (void *y, uint8_t *argmax, const struct max_pool_window *w, int64_t c, bool bf16))

/* The output pixels whose windows hold one input pixel, and that pixel's place in each. */
struct max_pool_covers {
	int n;
	const void *dy[256];	/* [C] each */
	const uint8_t *argmax[256];
	uint8_t place[256];
};

/* One input pixel: dx [C] = (add: dx +) sum of dy where argmax is this pixel's place. */
ISA_DECLARE(void, max_pool_grad_pixel, (void *dx, const struct max_pool_covers *k, int64_t c, bool add, bool bf16))

#endif
