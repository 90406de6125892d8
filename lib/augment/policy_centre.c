/* To evaluate a classifier: the middle of the image, nothing random. */
#include "augment/augment.h"

const struct augment_policy augment_policy_centre = {
	.name = "centre",
	.canvas_only = true,
	.evaluation = "centre",
	.stage = { &augment_centre },
};
