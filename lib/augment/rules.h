/*
 * rules: from which operations an image's are drawn.
 *
 * A rule is a short list of operations with probabilities and magnitudes (a "sub-policy"). For each image one
 * rule is drawn and its operations are done in order, each with its probability; this is repeated `draws`
 * times. AutoAugment is one draw from a list of rules; RandAugment is N draws from rules of one operation each
 * with probability 1.
 */
#ifndef AUGMENT_RULES_H
#define AUGMENT_RULES_H

#include "augment/augment_op.h"
#include "base/arena.h"
#include "base/rng.h"
#include "record/sample.h"

enum { AUGMENT_MAX_STEPS = 64 };

struct augment_choice {
	const struct augment_op *op;
	double probability, level;
};

struct augment_rule {
	int n;
	const struct augment_choice *choice;
};

struct augment_rules {
	int draws;
	int n;
	const struct augment_rule *rule;
	int max_steps;	/* of one image: draws times the longest rule */
	struct augment_scale scale;
};

/* RandAugment: n of these operations (NULL-terminated), drawn with replacement, at that magnitude. Error: memory. */
int augment_rules_random(struct augment_rules *rules, const struct augment_op *const *ops, int n, double level,
			 const struct augment_scale *scale, struct arena *a) MUST_CHECK;

/* Draw the steps for one sample into memory from a. Error: memory. */
int augment_rules_draw(const struct augment_step **steps, int *n_steps, const struct augment_rules *rules,
		       const struct sample *sample, struct rng *g, struct arena *a) MUST_CHECK;

/* The 10 operations of RandAugment for detection, and magnitudes there; both NULL-terminated. */
extern const struct augment_op *const augment_random_detection[];
extern const struct augment_scale augment_scale_detection;

#endif
