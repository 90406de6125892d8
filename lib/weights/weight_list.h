/*
 * weight_list: what a file of weights holds, as text or JSON.
 */
#ifndef WEIGHTS_WEIGHT_LIST_H
#define WEIGHTS_WEIGHT_LIST_H

#include "stream/safetensors.h"

#include <stdio.h>

/* A line for each tensor: name, dtype in the file, shape, elements; then how many, and the metadata. */
void weight_list_print(const struct safetensors *s, FILE *file);

/* An object {"tensors": {name: {"dtype", "shape"}}, "elements", "metadata"}. */
void weight_list_json(const struct safetensors *s, FILE *file);

#endif
