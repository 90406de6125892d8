/* Mirror and scale jitter. */
#include "augment/augment.h"

const struct augment_scheme augment_scheme_s1 = {
	.name = "1",
	.canvas_only = true,
	.random = true,
	.jitter = { 0.8, 1.2 },
	.stage = { &augment_flip, &augment_jitter },
};
