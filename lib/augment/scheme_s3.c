/* AutoAugment for detection, mirror, and large scale jitter. */
#include "augment/augment.h"

const struct augment_scheme augment_scheme_s3 = {
	.name = "3",
	.canvas_only = true,
	.random = true,
	.rules = AUGMENT_RULES_AUTO,
	.jitter = { 0.5, 2.0 },
	.stage = { &augment_flip, &augment_jitter },
};
