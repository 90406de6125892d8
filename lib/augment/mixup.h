/*
 * mixup: two images of one size, and their classes, mixed into each other: all pixels in one proportion (mixup), or a rectangle of
 * one put into the other (CutMix).
 *
 *     struct mixup_param param = { .mixup = 0.8, .cutmix = 1, .probability = 1, .swap = 0.5 };
 *     TRY(mixup_pair(pair, in, n_categories, &param, &arena));
 *
 * Sources: Zhang et al., arXiv 1710.09412; Yun et al., arXiv 1905.04899.
 */
#ifndef AUGMENT_MIXUP_H
#define AUGMENT_MIXUP_H

#include "base/arena.h"
#include "base/error.h"
#include "base/rng.h"
#include "record/sample.h"

struct mixup_param {
	double mixup, cutmix;	/* alpha of the Beta distribution that proportions are drawn from; 0: never */
	double probability;	/* that a pair is mixed at all */
	double swap;	/* where both can be: the probability of CutMix */
	double smoothing;	/* of the classes, 0..1: that part is spread over all of them */
	uint64_t seed;
};

/* What was drawn for a pair. */
struct mixup_draw {
	bool mixed, cut;
	double share;	/* of each image's own pixels in it */
	int x0, y0, x1, y1;	/* CutMix: the rectangle that comes from the other image */
};

/* From the key of the first sample, which has w x h pixels. */
struct mixup_draw mixup_draw(const struct mixup_param *param, const struct sample *first, int w, int h);

/*
 * Both samples of a pair, each with what it gets of the other: in the same share and at the same place. A pair that is not
 * mixed stays as it is, and so do classes then, unless they are smoothed. Otherwise class_scores holds the classes' shares and
 * class_label is -1. Memory of pixels and scores is the arena's, all else is shared with in.
 * Error: other sizes; padding; objects or a label map; no class.
 */
int mixup_pair(struct sample out[2], const struct sample in[2], int n_categories, const struct mixup_param *param,
	       struct arena *a) MUST_CHECK;

/* One sample that has no partner: as it is, but for smoothing. Error: as mixup_pair(). */
int mixup_single(struct sample *out, const struct sample *in, int n_categories, const struct mixup_param *param,
		 struct arena *a) MUST_CHECK;

/* A number of the Beta distribution with both parameters alpha > 0. */
double mixup_beta(double alpha, struct rng *g);

#endif
