/* What a masked autoencoder is trained on: a random part of 20 % and more, mirrored or not. Source: He et al., arXiv 2111.06377. */
#include "augment/augment.h"

const struct augment_scheme augment_scheme_mae = {
	.name = "mae",
	.canvas_only = true,
	.random = true,
	.late = true,
	.evaluation = "centre",
	.area = { 0.2, 1 },
	.stage = { &augment_flip, &augment_crop },
};
