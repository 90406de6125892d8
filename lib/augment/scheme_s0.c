/* The baseline of He et al. and of Zoph et al.'s weakest augmentation: mirror half of the images. */
#include "augment/augment.h"

const struct augment_scheme augment_scheme_s0 = { .name = "0", .random = true, .stage = { &augment_flip, &augment_fit } };
