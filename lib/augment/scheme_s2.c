/* AutoAugment for detection, mirror, and scale jitter. */
#include "augment/augment.h"

const struct augment_scheme augment_scheme_s2 = {
	.name = "2",
	.canvas_only = true,
	.random = true,
	.rules = AUGMENT_RULES_AUTO,
	.jitter = { 0.8, 1.2 },
	.stage = { &augment_flip, &augment_jitter },
};
