/* RandAugment (1 operation of magnitude 10 unless told otherwise), mirror, and large scale jitter. */
#include "augment/augment.h"

const struct augment_scheme augment_scheme_s4 = {
	.name = "4",
	.canvas_only = true,
	.random = true,
	.rules = AUGMENT_RULES_RANDOM,
	.jitter = { 0.5, 2.0 },
	.stage = { &augment_flip, &augment_jitter },
};
