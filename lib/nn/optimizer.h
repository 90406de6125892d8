/*
 * optimizer: stochastic gradient descent with momentum, over all parameters in one pass.
 *
 * As torch.optim.SGD after torch.nn.utils.clip_grad_norm_, for each weight w with gradient g:
 *
 *     norm = sqrt(sum g^2) over all parameters
 *     g    = g * min(1, clip_norm/(norm + 1e-6)) + weight_decay*decay_mult*w
 *     buf  = momentum*buf + g
 *     w    = w - lr*lr_mult*buf
 *     ema  = ema_decay*ema + (1 - ema_decay)*w
 *
 *     struct optimizer o;
 *     TRY(optimizer_init(&o, &(struct optimizer_param){ .momentum = 0.9, .weight_decay = 1e-4 }, &set));
 *     if (!optimizer_step(&o, lr, &norm))
 *             ...                             // the gradient is not finite, nothing was changed
 *     optimizer_release(&o);
 *
 * The entries point into the parameter set (see param_set_prepare_training()), which must outlive the
 * optimiser. Sums are in f64 and in a fixed order: results do not depend on the number of threads.
 */
#ifndef NN_OPTIMIZER_H
#define NN_OPTIMIZER_H

#include "base/arena.h"
#include "nn/param.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * How parameters differ. OPTIMIZER_TORCH: not at all. OPTIMIZER_DETECTRON: biases (also a norm's) learn twice as fast; biases
 * and norms are not decayed. OPTIMIZER_TPU: biases and norms are not decayed.
 */
enum optimizer_rule { OPTIMIZER_TORCH, OPTIMIZER_DETECTRON, OPTIMIZER_TPU };

/* "torch", "detectron", "tpu" to its number; -1 with a message for another word. */
int optimizer_rule_find(const char *name);

struct optimizer_param {
	double momentum;
	double weight_decay;
	double clip_norm;	/* 0: gradients are not clipped */
	double ema_decay;	/* used where an entry has an ema */
	enum optimizer_rule rule;
};

/* One parameter, n elements each. */
struct optimizer_entry {
	float *w;
	const float *dw;
	float *momentum;
	float *ema;	/* or NULL */
	int64_t n;
	float lr_mult;
	float decay_mult;
};

struct optimizer_block;

struct optimizer {
	struct optimizer_param param;
	struct arena arena;
	int n_entries;
	struct optimizer_entry *entries;
	int64_t n_blocks;
	struct optimizer_block *blocks;	/* the entries cut into pieces of work */
	uint64_t *version;	/* of the parameter set, counted up when weights change; or NULL */
};

/* Over the trainable parameters of a set prepared for training. */
int optimizer_init(struct optimizer *o, const struct optimizer_param *p, struct param_set *set) MUST_CHECK;

/* Over entries of the caller's, which are copied. */
int optimizer_init_entries(struct optimizer *o, const struct optimizer_param *p, const struct optimizer_entry *entries,
			   int n) MUST_CHECK;

/*
 * One update; *grad_norm is the norm before clipping. False when it is not finite: then
 * nothing was changed.
 */
bool optimizer_step(struct optimizer *o, double lr, double *grad_norm) MUST_CHECK;

void optimizer_release(struct optimizer *o);

#endif
