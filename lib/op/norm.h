/*
 * norm: the kernels behind group norm, batch norm and frozen batch norm.
 *
 * All of them are one affine map per channel, y = relu?((x - mean)*scale + shift + residual?),
 * and differ only in where the tables mean, scale and shift come from. The kernels work on a
 * block of `rows` pixels of one image, [rows C]; blocks are cut by the shape alone, so that
 * sums do not depend on the number of threads.
 */
#ifndef OP_NORM_H
#define OP_NORM_H

#include "base/isa.h"
#include "op/map.h"

/* Per channel f32 [C]. */
struct norm_table {
	const float *mean;
	const float *scale;
	const float *shift;
};

/* Which gradients pass: those of outputs above zero when a relu follows. */
enum norm_mask {
	NORM_MASK_NONE,	/* no relu */
	NORM_MASK_Y,	/* y says it */
	NORM_MASK_X,	/* recomputed from x, one map less to read; only without a residual */
};

/* One block for norm_apply(). */
struct norm_block {
	int64_t rows;
	int64_t c;
	const void *x;	/* [rows C] */
	const void *residual;	/* [rows C] or NULL */
	void *y;	/* [rows C] */
	float *wide;	/* [rows C] y before it is rounded to bf16, or NULL */
	bool relu;
	bool bf16;	/* dtype of x and y */
	bool residual_bf16;
};

/*
 * One block for norm_grad_sums() and norm_grad_apply(). With dz = dy where the mask lets it
 * pass and 0 elsewhere:  dx = a*dz + b*(x - mean) + d,  dresidual = (add: dresidual +) dz.
 */
struct norm_grad_block {
	int64_t rows;
	int64_t c;
	const void *dy;
	const void *x;
	const void *y;	/* read with NORM_MASK_Y */
	void *dx;
	void *dresidual;	/* or NULL */
	bool dresidual_add;
	enum norm_mask mask;
	bool bf16;
	const float *a, *b, *d;	/* [C]; b == NULL: b and d are zero and x is not read for dx */
};

/*
 * Sums over the rows of a block, per channel:
 *   shift [C] = mean of the first rows, sum [C] = sum of x - shift, square [C] = sum of (x - shift)^2.
 * The shift keeps f32 exact enough when the mean is large against the deviation.
 */
ISA_DECLARE(void, norm_sums, (float *shift, float *sum, float *square, const void *x, int64_t rows, int64_t c, bool bf16))

ISA_DECLARE(void, norm_apply, (const struct norm_block *k, const struct norm_table *t))

/* sum [C] = sum of dz, product [C] = sum of dz*(x - mean). */
ISA_DECLARE(void, norm_grad_sums, (float *sum, float *product, const struct norm_grad_block *k,
				   const struct norm_table *t))

ISA_DECLARE(void, norm_grad_apply, (const struct norm_grad_block *k, const struct norm_table *t))

/*
 * The part of shape() that the three norms share: inputs `first` (residual) and first + 1 (wide residual), outputs
 * y and wide.
 *
 * A bf16 network adds up its residual stream in f32: each block would otherwise round it once more, and
 * PyTorch's autocast does not. So a norm can write y twice, as bf16 and, with param.wide, as f32; the next norm reads
 * the f32 copy as its wide residual instead of the residual. The copy has no gradient: that of y stands for both,
 * and backward does not read it.
 */
int norm_shape(const char *op, struct op_call *c, int first, bool add, bool wide) MUST_CHECK;

/* The maps of y and residual from element `at` on, into k. */
void norm_block_maps(struct norm_block *k, const struct op_call *c, int first, bool add, int64_t at);

/*
 * What the references compute last: v, in f64, plus residual element i, relu, and into the outputs.
 */
void norm_reference_put(struct op_call *c, int first, int64_t i, double v, bool add, bool relu);

/*
 * How the map is cut. Each image into `blocks` of `rows` pixels (the last one shorter); `batch` images go
 * through all phases before the next, so that their second reading meets the cache.
 */
struct norm_plan {
	int64_t images;
	int64_t pixels;	/* of an image */
	int64_t c;
	int64_t rows;
	int64_t blocks;	/* per image */
	int64_t batch;
	int threads;
	bool bf16;
};

/* maps: how many maps of this shape one phase touches. */
struct norm_plan norm_plan_make(const struct tensor *x, int maps);

/* Image and first pixel of item i of images first .. first + batch; returns the rows of that block. */
int64_t norm_plan_block(const struct norm_plan *p, int64_t first, int64_t i, int64_t *image, int64_t *pixel);

/* Write or add a parameter's gradient from its f64 sums; nothing when it is not wanted. */
void norm_put_gradient(const struct tensor *gradient, const double *sum, bool add);

#endif
