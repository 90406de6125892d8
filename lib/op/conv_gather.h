/*
 * conv_gather: which pixels a convolution pass reads for each pixel it writes.
 *
 * A lattice is a set of pixels that all see the same taps of the kernel: pixel (i, j)
 * of the lattice, 0 <= i < rows, 0 <= j < cols, lies at (out_h + i*out_step,
 * out_w + j*out_step) of what is written, and its tap t reads (i*in_step + dh[t],
 * j*in_step + dw[t]) of what is read, zero when that is outside.
 * Rows of matrices are the lattice's pixels of one image in reading order.
 */
#ifndef OP_CONV_GATHER_H
#define OP_CONV_GATHER_H

#include "op/conv_backend.h"

struct conv_lattice {
	int64_t rows, cols;
	int64_t out_h, out_w, out_step;
	int64_t in_step;
	int64_t n_taps, first_tap;	/* this lattice's taps in `order` */
	const int64_t *dh, *dw;	/* [n_taps] */
	const int64_t *order;	/* kernel position kh*Kw + kw of each tap, over all lattices of the pass */
};

/* All output pixels over x: one lattice. Arrays come from scratch. */
int conv_lattice_forward(struct conv_lattice *l, const struct conv_geometry *g, struct arena *scratch) MUST_CHECK;

/* The input pixels over dz: stride^2 lattices, by place modulo the stride. */
int conv_lattices_backward(struct conv_lattice *l, const struct conv_geometry *g, struct arena *scratch) MUST_CHECK;

/*
 * What tap t of rows [row, row + rows) reads: channels [channel, channel + count) of s (f32 or bf16)
 * as f32 into to[r*stride_to + c].
 */
void conv_gather(float *to, int64_t stride_to, const struct tensor *s, const struct conv_lattice *l, int64_t tap,
	int64_t image, int64_t channel, int64_t count, int64_t row, int64_t rows);

/* What happens to sums before they are stored: + bias, or + what is there; then ReLU. */
struct conv_finish {
	const float *bias;	/* NULL: none */
	bool relu, add;
};

/* Store sums [rows count] at the lattice's pixels of `to`, channels from `channel`. */
void conv_scatter(struct tensor *to, const struct conv_lattice *l, int64_t image, int64_t channel, int64_t count, int64_t row,
	int64_t rows, const float *sums, const struct conv_finish *finish);

/* t itself when it is f32, or a copy in scratch. NULL with a message when memory is short. */
const float *conv_as_f32(const struct tensor *t, struct arena *scratch) MUST_CHECK;

#endif
