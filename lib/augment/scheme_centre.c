/* To evaluate a classifier: the middle of the image, nothing random. */
#include "augment/augment.h"

const struct augment_scheme augment_scheme_centre = {
	.name = "centre",
	.canvas_only = true,
	.evaluation = "centre",
	.stage = { &augment_centre },
};
