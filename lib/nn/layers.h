/*
 * layers: convolutions, norms and matrix products with their parameters, named as torchvision names them.
 *
 *     struct conv_layer conv;
 *     struct norm_layer norm;
 *     TRY(conv_layer_add(&conv, &set, "conv1", &(struct conv_spec){ .ci = 3, .co = 64, .kernel = 7, .stride = 2 }));
 *     TRY(norm_layer_add(&norm, &set, "bn1", NORM_GN, 64));
 *     TRY(conv_layer_apply(&conv, tape, x, &y));
 *     TRY(norm_layer_apply(&norm, tape, y, NULL, true, false, &z));   // z = relu(norm(y))
 */
#ifndef NN_LAYERS_H
#define NN_LAYERS_H

#include "nn/param.h"
#include "nn/tape.h"
#include "op/conv2d.h"

#define NORM_LAYER_EPS 1e-5

enum norm_kind {
	NORM_NONE,
	NORM_GN,	/* group norm, 32 groups */
	NORM_BN,	/* batch norm, trained */
	NORM_FROZENBN,	/* affine with fixed statistics */
};

enum { GN_GROUPS = 32 };

/* "gn", "bn", "frozenbn" to its number; -1 with a message for another word. */
int norm_kind_find(const char *name);

struct conv_spec {
	int64_t ci, co;
	int kernel;
	int stride;	/* 0: 1 */
	int pad;	/* -1: kernel / 2 */
	bool bias;
	bool relu;	/* fused */
	struct init_spec init;
	double bias_init;
	enum conv_backend backend;
};

struct conv_layer {
	struct param *w, *b;
	struct conv2d_param p;
};

/* Parameters "<name>.weight" and, with a bias, "<name>.bias". */
int conv_layer_add(struct conv_layer *l, struct param_set *set, const char *name, const struct conv_spec *spec) MUST_CHECK;

int conv_layer_apply(struct conv_layer *l, struct tape *t, struct var *x, struct var **y) MUST_CHECK;

/* The same weights on several maps; y receives n_maps vars. */
int conv_layer_apply_maps(struct conv_layer *l, struct tape *t, int n_maps, struct var *const *x, struct var **y) MUST_CHECK;

struct norm_layer {
	enum norm_kind kind;
	float eps;	/* NORM_LAYER_EPS, torch's default */
	float momentum;	/* bn: weight of the new batch in the running statistics; .1, torch's default */
	struct param *gamma, *beta, *mean, *var;
	bool is_folded;	/* into the convolution before it; see norm_layer_fold() */
	struct param *batches;	/* bn: how many batches the running statistics have seen */
};

/*
 * Parameters "<name>.weight", "<name>.bias" and, for bn and frozenbn, running_mean and running_var
 * (bn: and the counter num_batches_tracked).
 */
int norm_layer_add(struct norm_layer *l, struct param_set *set, const char *name, enum norm_kind kind, int64_t channels) MUST_CHECK;

/*
 * y = relu?(norm(x) + residual?); residual may be NULL. A batch norm whose gamma and beta are frozen uses its running
 * statistics in training, too, and leaves them as they are. With `wide` and a bf16 x, y->wide is y in f32, for the
 * readers that must not see it rounded: the next residual sum, which takes residual->wide where there is one,
 * and max pooling. Gradients reach y alone, and y->wide should be dropped as soon as it was read.
 */
int norm_layer_apply(const struct norm_layer *l, struct tape *t, struct var *x, struct var *residual, bool relu,
		     bool wide, struct var **y) MUST_CHECK;

/*
 * For inference: what the norm (of fixed statistics; others stay as they are) does to its channels becomes part of the
 * weights and the bias of the convolution before it, for good, so that one pass over the map is saved and its result is rounded once.
 * Who applies the convolution leaves the norm out. Error: memory.
 */
int norm_layer_fold(struct norm_layer *norm, struct conv_layer *conv, struct param_set *set) MUST_CHECK;

struct linear_layer {
	struct param *w, *b;
};

/* Parameters "<name>.weight" [outputs inputs] and "<name>.bias"; weights are drawn as torch.nn.Linear does, biases are 0. */
int linear_layer_add(struct linear_layer *l, struct param_set *set, const char *name, int64_t inputs, int64_t outputs) MUST_CHECK;

/* y [N H W outputs] = x [N H W inputs] w' + b. */
int linear_layer_apply(const struct linear_layer *l, struct tape *t, struct var *x, struct var **y) MUST_CHECK;

#endif
