/*
 * max_pool: the largest value under a window, for each channel.
 *
 *   in    x [N H W C], wide x f32, read in its place (optional)
 *   out   y [N Ho Wo C], Ho = (H + 2*pad - kernel)/stride + 1, rounded down; wide f32: y before rounding (with param.wide)
 *   saved argmax u8, as y: the row-major place in the window that y came from
 *
 * Rounding to bf16 makes neighbours equal of which one is the larger, and the gradient goes to the wrong one: hence
 * wide x. Its gradient is that of x. The padding never wins. Of equal values the first in the window is taken; a NaN wins.
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
	bool wide;	/* y is wanted in f32, too */
};

extern const struct op op_max_pool;

/* A window: the pixels of x under it and their places, in window order. */
struct max_pool_window {
	int n;
	const void *x[256];	/* [C] each */
	uint8_t place[256];
};

/* One output pixel: y [C], wide [C] or NULL, argmax [C]. */
ISA_DECLARE(void, max_pool_pixel, (void *y, float *wide, uint8_t *argmax, const struct max_pool_window *w, int64_t c,
				   bool x_bf16, bool y_bf16))

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
