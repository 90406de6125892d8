/* For evaluation: nothing random. */
#include "augment/augment.h"

const struct augment_policy augment_policy_eval = { .name = "eval", .stage = { &augment_fit } };
