/*
 * winograd: 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3).
 *
 * A 4x4 tile of the output needs 36 instead of 144 multiplications per pair of
 * channels: the 6x6 input tile d and the kernel g are transformed, multiplied point
 * by point and transformed back,
 *
 *     y = A' [ (G g G') * (B' d B) ] A
 *
 * and the products summed over the channels are 36 matrix multiplications
 * [tiles x ci] x [ci x co]. Arithmetic is f32 throughout, also for bf16 feature maps
 * (converted while tiles are loaded and stored).
 *
 * Several maps of different sizes (the levels of a pyramid) may share one weight: their
 * tiles form one batch, which is what makes small levels cheap. Every pass takes the same
 * list of maps and reads only the pointers it names.
 *
 *     struct winograd_param p = { .ci = 256, .co = 256, .pad = 1, .x_dtype = DTYPE_BF16,
 *                                 .y_dtype = DTYPE_BF16, .relu = true };
 *     float *u = arena_alloc(&a, winograd_weights_bytes(p.ci, p.co));
 *     winograd_transform_weights(u, w, p.ci, p.co);                 // once a step
 *     TRY(winograd_forward(maps, n_maps, u, bias, &p, &scratch));   // maps[i].x -> maps[i].y
 *
 * Precision: with f32 maps the largest error of y and dx, in units of the largest |y| or |dx|, is
 * 1e-6 for tens of channels and 5e-6 for 512; of dw 1e-6 to 2e-6. That is a small part of what rounding
 * maps to bf16 costs, so bf16 maps lose nothing against a direct convolution.
 *
 * Memory: nothing is kept; scratch is taken from an arena that the caller resets.
 * Threads: OpenMP, all of them. Results do not depend on their number.
 * Source: A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016;
 * S. Winograd, "Arithmetic complexity of computations", 1980.
 */
#ifndef OP_WINOGRAD_H
#define OP_WINOGRAD_H

#include "base/arena.h"
#include "base/error.h"
#include "tensor/tensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One feature map and its gradients, [n h w channels], channels last and contiguous.
 * The output's size is ho = h + 2*pad - 2, wo = w + 2*pad - 2.
 */
struct winograd_map {
	int64_t n, h, w;	/* of the input */
	const void *x;	/* [n h w ci]; read by forward and backward_weights */
	void *y;	/* [n ho wo co]; written by forward */
	const void *dy;	/* [n ho wo co]; read by both backwards */
	void *dx;	/* [n h w ci]; written by backward_data */
};

struct winograd_param {
	int64_t ci, co;	/* any number >= 1; multiples of 32 waste nothing */
	int pad;	/* 0, 1 or 2 on each side */
	enum dtype x_dtype;	/* of x and dx: f32 or bf16 */
	enum dtype y_dtype;	/* of y and dy: f32 or bf16 */
	bool relu;	/* forward: y = max(0, convolution + bias) */
	bool add;	/* forward: add to what y holds (before relu); backward_data: add to what dx holds */
};

/*
 * Whether this routine is the faster one (against a direct convolution): a static rule of the
 * shapes alone. Few tiles do not pay for reading the transformed weights, 4 times the size
 * of the plain ones.
 */
bool winograd_pays(const struct winograd_map *maps, int n_maps, const struct winograd_param *p);

/* Bytes of the transformed weights; the same number serves both transforms below. Place them aligned to 64. */
size_t winograd_weights_bytes(int64_t ci, int64_t co);

/*
 * u = G w G' in the order the multiplications read it.
 *   w  f32 [co ci 3 3]   u  winograd_weights_bytes(ci, co)
 */
void winograd_transform_weights(float *u, const float *w, int64_t ci, int64_t co);

/* The same of w turned by 180 degrees with ci and co exchanged: for winograd_backward_data. */
void winograd_transform_weights_backward(float *u, const float *w, int64_t ci, int64_t co);

/*
 * y = convolution of x (+ bias) (+ y) (relu), for every map.
 *   u  of winograd_transform_weights   bias  f32 [co] or NULL
 * Error: scratch memory; dtypes other than f32 and bf16; an output without pixels.
 */
int winograd_forward(const struct winograd_map *maps, int n_maps, const float *u, const float *bias,
	const struct winograd_param *p, struct arena *scratch) MUST_CHECK;

/*
 * dx = gradient of x (+ dx), for every map. p is the forward's (relu is not applied).
 *   u  of winograd_transform_weights_backward
 * Error: as winograd_forward.
 */
int winograd_backward_data(const struct winograd_map *maps, int n_maps, const float *u,
	const struct winograd_param *p, struct arena *scratch) MUST_CHECK;

/*
 * dw += gradient of w, db += gradient of the bias, summed over all maps: the exact adjoint of
 * the forward, dw = G' [ sum over tiles (B' d B) * (A dy A') ] G.
 *   dw  f32 [co ci 3 3]   db  f32 [co] or NULL
 * Error: as winograd_forward.
 */
int winograd_backward_weights(float *dw, float *db, const struct winograd_map *maps, int n_maps,
	const struct winograd_param *p, struct arena *scratch) MUST_CHECK;

#endif
