/*
 * param: the named tensors of a model, their gradients and their optimiser state.
 *
 * Names and shapes are torchvision's (convolution weights are OIHW). Values are f32 masters.
 * All memory belongs to the set.
 *
 *     struct param_set set;
 *     param_set_init(&set);
 *     struct param *w = param_add(&set, "backbone.body.conv1.weight", 4, (int64_t[]){ 64, 3, 7, 7 },
 *                                 PARAM_WEIGHT, (struct init_spec){ INIT_KAIMING_NORMAL_FAN_OUT, 0 });
 *     param_set_release(&set);
 */
#ifndef NN_PARAM_H
#define NN_PARAM_H

#include "base/arena.h"
#include "nn/init.h"
#include "tensor/tensor.h"

enum param_role {
	PARAM_WEIGHT,	/* kernels: decayed */
	PARAM_BIAS,
	PARAM_NORM,	/* scale and shift of a norm */
	PARAM_BUFFER,	/* in the file, but not trained: running and frozen statistics */
};

struct param {
	const char *name;
	enum param_role role;
	bool trainable;	/* false for buffers and frozen parameters */
	float lr_mult;	/* of the learning rate; 1 unless told otherwise */
	/* What a class has of its own: rows, the first dimension, are [class_outer][classes][class_inner]; 0: nothing. */
	int class_outer, class_inner;
	struct init_spec init;
	struct tensor value;	/* f32, or i64 for a counter among the buffers */
	float *grad;	/* NULL unless trainable */
	float *momentum;
	float *ema;	/* NULL without an average */
	bool has_grad;	/* grad was written in this step; the next use adds */
	void *cache;	/* what the op of a weight keeps between calls (op_call.cache) */
	void (*cache_free)(void *cache);
	struct param *next;
};

struct param_set {
	struct arena arena;
	struct param *first, *last;
	int n;
	uint64_t version;	/* changes when values do: caches of reordered weights compare it */
};

void param_set_init(struct param_set *set);

/* A parameter with cleared values; NULL with a message when memory is short. */
struct param *param_add(struct param_set *set, const char *name, int rank, const int64_t *dim,
			enum param_role role, struct init_spec init) MUST_CHECK;

/* The rows of p (may be NULL: nothing happens) belong to classes: outer times all classes, inner rows each. */
void param_set_classes(struct param *p, int outer, int inner);

/* A buffer that is one whole number (i64, rank 0), starting at 0. */
struct param *param_add_counter(struct param_set *set, const char *name) MUST_CHECK;

/* The parameter of that name, or NULL. */
struct param *param_find(const struct param_set *set, const char *name);

/* Give all values their random start; depends on seed and names only. */
int param_set_randomise(struct param_set *set, uint64_t seed) MUST_CHECK;

/* Memory for gradients and momentum (cleared), and averages (a copy of the values) if wanted. */
int param_set_prepare_training(struct param_set *set, bool with_ema) MUST_CHECK;

/* Before a step: no gradient was written yet. */
void param_set_begin_step(struct param_set *set);

/* After backward: clear the gradients that nothing was written to. */
void param_set_finish_gradients(struct param_set *set);

/* Elements of all parameters, buffers left out. */
int64_t param_set_count(const struct param_set *set);

void param_set_release(struct param_set *set);

#endif
