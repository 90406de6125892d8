/*
 * conv_backend: what conv2d asks of the code that computes.
 *
 * conv2d.c checks shapes, masks gradients by the ReLU, sums the bias' gradient and
 * picks a backend per pass; a backend sees arguments that fit. Each backend may
 * keep a state in the layer's cache: `open` makes it, `close` frees it.
 */
#ifndef OP_CONV_BACKEND_H
#define OP_CONV_BACKEND_H

#include "op/conv2d.h"

enum conv_pass { CONV_FORWARD, CONV_BACKWARD_DATA, CONV_BACKWARD_WEIGHTS, CONV_PASSES };

/* One map's convolution, all that decides which code runs. Compared with memcmp: no padding bytes. */
struct conv_geometry {
	int64_t n, h, w, ci, ho, wo, co, kh, kw;
	int32_t stride, pad, dilation, groups;
	int32_t dtype;	/* enum dtype of x and y */
	int32_t relu, has_bias;
	int32_t threads;	/* that OpenMP would start: libraries plan for it */
};

/*
 * One pass over all maps of a call. `g` has n_maps geometries.
 *   forward           c->in -> c->out, with bias and ReLU
 *   backward_data     dz -> c->din[2 + i] where wanted
 *   backward_weights  dz, x -> c->din[0]
 * dz[i] is the gradient of the convolution's result before the ReLU; data NULL: zero.
 * backward_data is never called with dz[i].data NULL for a wanted din; the
 * gradients replace or add as c->add_mask says.
 */
struct conv_ops {
	const char *name;
	void *(*open)(void);	/* NULL with a message when memory is short */
	void (*close)(void *state);
	bool (*can)(const struct conv_geometry *g);
	int (*forward)(void *state, struct op_call *c, const struct conv_geometry *g);
	int (*backward_data)(void *state, struct op_call *c, const struct conv_geometry *g, const struct tensor *dz);
	int (*backward_weights)(void *state, struct op_call *c, const struct conv_geometry *g, const struct tensor *dz);
};

extern const struct conv_ops conv_onednn, conv_onednn_gemm, conv_openblas, conv_winograd, conv_gemm;

/* Of a backend that computes, so not of CONV_AUTO. */
const struct conv_ops *conv_backend_ops(enum conv_backend b);

/* One pass by ops with its state; dz is not read by CONV_FORWARD. */
int conv_pass_run(const struct conv_ops *ops, void *state, enum conv_pass pass, struct op_call *c,
	const struct conv_geometry *g, const struct tensor *dz) MUST_CHECK;

/* Pixels of y along a side of x; 0 when the kernel does not fit once. */
static inline int64_t conv_out_size(int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation)
{
	int64_t room = in + 2 * pad - dilation * (kernel - 1) - 1;
	return room < 0 ? 0 : room / stride + 1;
}

/* Whether Winograd can do these maps and is the fastest way: a rule of the shapes alone. */
bool conv_winograd_pays(const struct conv_geometry *g, int n_maps);

/* Whether oneDNN has bf16 convolutions on this CPU, of whatever speed. */
bool conv_onednn_has_bf16(void);

/* Who computes when the caller leaves it to us; g has n_maps geometries. */
enum conv_backend conv_pick(const struct conv_geometry *g, int n_maps);

static inline const struct conv2d_param *conv_param(const struct op_call *c)
{
	return c->param;
}

/* c->add_mask for input i. */
static inline bool conv_adds(const struct op_call *c, int i)
{
	return c->add_mask >> i & 1;
}

/* A layer's weights in the order in which a backend reads them. */
struct conv_prepared {
	void *data;
	const void *source;	/* the masters that `data` was made of, and their version; of no use when that is 0 */
	uint64_t version;
};

/*
 * Memory for the weights of c prepared, `bytes` of it, always the same number: kept in `own` from call to call, or of
 * c->scratch when they are used once only. *fill: it does not hold them yet. NULL: out of memory.
 */
void *conv_prepared_room(struct conv_prepared *p, const struct op_call *c, size_t bytes, struct arena *own, bool *fill)
	MUST_CHECK;

/* The naive loops of the definition, sums in double. */
int conv2d_reference(struct op_call *c);
int conv2d_reference_backward(struct op_call *c);

/* Geometry of map i; c->out must have its shape. */
struct conv_geometry conv_geometry_of(const struct op_call *c, int i);

/*
 * dz = dout where y > 0, else 0, and db [Co] += the sum of dz over rows; rows x co elements.
 *   y   NULL: no ReLU, dz is not written
 *   db  NULL: no sum
 * The sums do not depend on the number of threads. Error: memory of scratch.
 */
int conv_mask_and_sum(void *dz, float *db, const void *dout, const void *y, enum dtype dtype, int64_t rows, int64_t co,
	struct arena *scratch) MUST_CHECK;


extern const struct op_case conv2d_cases[];

#endif
