/*
 * gradient_sum: the gradients of a step's images added pairwise, in a tree that depends on the number of images alone.
 *
 *     ((g0 + g1) + (g2 + g3)) + (g4 + g5)
 *
 * Whoever adds the gradients of single images in this order gets the same bits: one process or several that
 * share the images out, as long as each of them takes a whole branch.
 *
 *     TRY(gradient_sum_init(&sum, &params, most_images));
 *     for (int i = 0; i < n; i++) {
 *             ... the gradients of image i are in the parameters ...
 *             gradient_sum_add(&sum);       // and are now in the sum
 *     }
 *     gradient_sum_take(&sum);              // the parameters hold the sum
 *     gradient_sum_release(&sum);
 *
 * Memory: a copy of all gradients for each level of the tree, log2 of the images.
 */
#ifndef TRAIN_GRADIENT_SUM_H
#define TRAIN_GRADIENT_SUM_H

#include "base/arena.h"
#include "nn/param.h"

struct gradient_sum {
	struct arena arena;
	struct param_set *params;
	int n_levels;
	float **level;	/* [n_levels] whole branches of 2^i images, where bit i of n_images is set */
	int64_t n_images;	/* added so far */
};

/* Error: memory. */
int gradient_sum_init(struct gradient_sum *s, struct param_set *params, int64_t most_images) MUST_CHECK;

/* Add what the parameters' gradients hold. At most most_images times before gradient_sum_take(). */
void gradient_sum_add(struct gradient_sum *s);

/* Put the sum, of one image at least, into the parameters' gradients, and start anew. */
void gradient_sum_take(struct gradient_sum *s);

void gradient_sum_release(struct gradient_sum *s);

#endif
