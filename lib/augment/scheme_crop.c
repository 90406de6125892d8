/* To train a classifier: mirror half of the images, show a random part of each. */
#include "augment/augment.h"

const struct augment_scheme augment_scheme_crop = {
	.name = "crop",
	.canvas_only = true,
	.random = true,
	.late = true,
	.evaluation = "centre",
	.area = { 0.08, 1 },
	.stage = { &augment_flip, &augment_crop },
};
