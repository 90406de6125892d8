/*
 * rules: from which operations an image's are drawn.
 *
 * A rule is a short list of operations with probabilities and magnitudes (a "sub-policy"). For each image one
 * rule is drawn and its operations are done in order, each with its probability; this is repeated `draws`
 * times. AutoAugment is one draw from a list of rules; RandAugment is N draws from rules of one operation each
 * with probability 1.
 *
 *     struct augment_rules rules;
 *     TRY(augment_rules_parse(&rules, "rotate:0.6:10,color:1:6|equalize:0.8", &augment_scale_detection, &arena));
 */
#ifndef AUGMENT_RULES_H
#define AUGMENT_RULES_H

#include "augment/augment_op.h"
#include "base/arena.h"
#include "base/rng.h"
#include "record/sample.h"

enum { AUGMENT_MAX_DRAWS = 16, AUGMENT_MAX_RULES = 1024, AUGMENT_MAX_CHOICES = 16, AUGMENT_HIGHEST_LEVEL = 30 };

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

/*
 * Rules as text: operations NAME:PROBABILITY:MAGNITUDE joined by commas make a rule; rules are apart by | or lie on
 * lines of their own. What follows # up to the end of the line, blanks and empty lines do not count. The magnitude may be left
 * out where an operation has none.
 * Error: names line and column, and what is wrong there.
 */
int augment_rules_parse(struct augment_rules *rules, const char *text, const struct augment_scale *scale,
			struct arena *a) MUST_CHECK;

/* The same rules on one line without blanks, in arena memory; NULL: memory. */
const char *augment_rules_text(const struct augment_rules *rules, struct arena *a) MUST_CHECK;

/* RandAugment: n of these operations (NULL-terminated), drawn with replacement, at that magnitude. Error: memory. */
int augment_rules_random(struct augment_rules *rules, const struct augment_op *const *ops, int n, double level,
			 const struct augment_scale *scale, struct arena *a) MUST_CHECK;

/* The first operation in boxes that may be drawn, or NULL. */
const struct augment_op *augment_rules_in_boxes(const struct augment_rules *rules);

/* Draw the steps for one sample into memory from a. Error: memory. */
int augment_rules_draw(const struct augment_step **steps, int *n_steps, const struct augment_rules *rules,
		       const struct sample *sample, struct rng *g, struct arena *a) MUST_CHECK;

/* A published list of rules. */
struct augment_published {
	const char *name;	/* "v0" */
	const char *text;	/* for augment_rules_parse() */
};

/* AutoAugment for detection (v0 to v3) and for classification (v0); both end with a NULL name. */
extern const struct augment_published augment_auto_detection[], augment_auto_classification[];

/* The operations of RandAugment for detection and for classification; both NULL-terminated. */
extern const struct augment_op *const augment_random_detection[], *const augment_random_classification[];

/* What magnitude 10 means in detection, and for the two kinds of classification. */
extern const struct augment_scale augment_scale_detection, augment_scale_classification, augment_scale_random;

#endif
