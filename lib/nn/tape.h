/*
 * tape: runs ops as they are called and plays them backwards.
 *
 * A var is a feature map with its gradient. tape_apply() runs an op on vars and parameters
 * and remembers the call; tape_backward() walks the calls in reverse, gives every op the
 * gradients of its outputs, and adds up the gradients of its inputs. Buffers come from a pool
 * and go back as soon as nothing reads them any more, so gradients reuse the memory of
 * activations as the tape unwinds.
 *
 *     tape_begin(&t, true);
 *     struct var *x = tape_input(&t, &images);
 *     struct var *y;
 *     TRY(tape_apply(&t, &op_relu, NULL, 0, NULL, 1, (struct tape_in[]){ { .var = x } }, &y));
 *     struct tensor *dy = tape_gradient(&t, y);    // to be filled by the loss
 *     TRY(tape_backward(&t));
 *
 * tape_drop() gives a map's memory back early: at once on a tape that does not record (inference), and
 * while recording where no op reads the map on the way back.
 */
#ifndef NN_TAPE_H
#define NN_TAPE_H

#include "base/arena.h"
#include "base/pool.h"
#include "nn/param.h"
#include "nn/profile.h"
#include "op/op.h"

struct var {
	struct tensor value;
	struct tensor grad;	/* data NULL until a gradient arrived */
	struct var *wide;	/* the same map in f32, for forward only; usually NULL. See norm_layer_apply() */
	bool wants_grad;
	bool owned;	/* value is the pool's */
	bool is_read;	/* a recorded backward will read value */
};

/* What an op reads: a map or a parameter; both NULL: an absent optional input. */
struct tape_in {
	struct var *var;
	struct param *param;
};

struct tape;
struct tape_node;

/* A part of a network: y [n_y] from x [n_x], by tape_apply(). Called twice where it is recomputed. */
typedef int tape_segment(void *context, struct tape *t, struct var *const *x, struct var **y);

/* For the GFLOP/s of the progress line. */
struct tape_cost {
	double flops;	/* of forward, and of backward for the gradients that were wanted */
};

struct tape {
	struct arena nodes;	/* reset by tape_begin() */
	struct arena scratch;	/* reset after every call of an op */
	struct pool pool;
	struct tape_node *last;
	bool recording;
	bool training;	/* batch norm uses batch statistics; as recording, but for frozen evaluation */
	bool recompute;	/* segments keep their inputs only and run again on the way back */
	bool learns;	/* an op was applied that wants gradients, or would while recording; for tape_apply_segment() */
	bool replaying;	/* a segment runs for the second time: statistics and costs were counted before */
	uint64_t weights_version;
	struct tape_cost cost;
	struct profile *profile;	/* the caller's, or NULL; is told of every op */
	struct conv_plan *conv_plan;	/* the caller's, or NULL; given to every op */
};

void tape_init(struct tape *t);
void tape_release(struct tape *t);

/* Forget the last step; all its vars are gone. weights_version is that of the param_set. */
void tape_begin(struct tape *t, bool recording, uint64_t weights_version);

/* A var over memory of the caller's; it gets no gradient. */
struct var *tape_input(struct tape *t, const struct tensor *value) MUST_CHECK;

/*
 * Run an op. param (param_size bytes) is copied; cache is the layer's slot or NULL. out receives
 * as many vars as the op has outputs. Error: what the op reports, with its name.
 */
int tape_apply(struct tape *t, const struct op *op, const void *param, size_t param_size, void **cache,
	       int n_in, const struct tape_in *in, struct var **out) MUST_CHECK;

/*
 * Run a segment. With t->recompute only x and y are kept while recording; on the way back the segment runs again,
 * with the same bits, so that memory is bought with a second forward. context must live until then.
 */
int tape_apply_segment(struct tape *t, tape_segment *run, void *context, int n_x, struct var *const *x, int n_y,
		       struct var **y) MUST_CHECK;

/* The gradient of v, to be written in full by a loss. NULL with a message when memory is short. */
struct tensor *tape_gradient(struct tape *t, struct var *v) MUST_CHECK;

/* Play everything backwards. Gradients of parameters are added up in param->grad. */
int tape_backward(struct tape *t) MUST_CHECK;

/*
 * No op will be applied to v nor to v->wide from now on: their memory is free, unless something recorded reads it on the
 * way back. NULL is ignored.
 */
void tape_drop(struct tape *t, struct var *v);

#endif
