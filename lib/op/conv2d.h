/*
 * conv2d: two-dimensional convolution (cross-correlation, as everywhere in this field)
 * of one or several feature maps with the same weights, with bias and ReLU fused.
 *
 *     in[0]      w     f32 [Co Ci/groups Kh Kw]
 *     in[1]      bias  f32 [Co]; not read (data NULL) unless has_bias
 *     in[2 + i]  x_i   f32 or bf16 [N H_i W_i Ci], i = 0 .. n_maps - 1
 *     out[i]     y_i   as x_i, [N Ho_i Wo_i Co]
 *                Ho = (H + 2*pad - dilation*(Kh - 1) - 1)/stride + 1, Wo alike
 *
 * Several maps are the levels of a pyramid under a shared head: the weights are
 * prepared once and their gradient is the sum over the maps in the order of the maps.
 * All maps of a call have one dtype. In bf16 the weights are rounded to bf16 and products are summed in f32.
 *
 *     struct conv2d_param p = { .stride = 1, .pad = 1, .dilation = 1, .groups = 1, .n_maps = 1 };
 *     struct op_call c = { .param = &p, .n_in = 3, .in = { w, {0}, x }, .scratch = &arena };
 *
 * The same input on the same machine with the same number of threads gives the same
 * bits; the backend is chosen by shape and dtype alone, never by time - unless the call has a conv_plan, which was
 * made by the clock and is then followed; see conv_plan.h.
 */
#ifndef OP_CONV2D_H
#define OP_CONV2D_H

#include "op/op.h"

enum { CONV2D_MAX_MAPS = OP_MAX_OUT };

/*
 * Who computes. AUTO takes the fastest that can do the shape; asking for one that
 * cannot is an error of shape(): winograd does 3x3, stride 1, dilation 1, one group; onednn
 * does bf16 where the CPU has AVX-512; gemm does one group.
 */
enum conv_backend {
	CONV_AUTO,
	CONV_ONEDNN,	/* primitives of the library, one per shape */
	CONV_OPENBLAS,	/* blocks of im2col and sgemm: the fallback and the second opinion */
	CONV_WINOGRAD,	/* own F(4x4,3x3) */
	CONV_GEMM,	/* own matrix product: any kernel of one group */
	CONV_ONEDNN_GEMM,	/* the library again, through its matrix product; never by rule */
	CONV_BACKENDS,
};

struct conv2d_param {
	int stride;
	int pad;
	int dilation;
	int groups;
	int n_maps;
	bool has_bias;
	bool relu;	/* y = max(0, conv + bias) */
	enum conv_backend backend;
};

extern const struct op op_conv2d;

/* "auto", "onednn", "openblas", "winograd", "gemm" or "onednn-gemm" to its number; -1 with a message for another word. */
int conv_backend_find(const char *name);

#endif
