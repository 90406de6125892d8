/* For evaluation: nothing random. */
#include "augment/augment.h"

const struct augment_scheme augment_scheme_eval = { .name = "eval", .stage = { &augment_fit } };
