/*
 * element: single elements of a tensor as numbers, whatever its dtype; for work where speed does not matter.
 */
#ifndef TENSOR_ELEMENT_H
#define TENSOR_ELEMENT_H

#include "tensor/tensor.h"

double element_get(const struct tensor *t, int64_t i);

/* Rounded to the tensor's dtype: to nearest, ties to even; whole numbers too. */
void element_set(const struct tensor *t, int64_t i, double x);

#endif
