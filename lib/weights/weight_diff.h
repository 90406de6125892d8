/*
 * weight_diff: how far the tensors of two files are from each other.
 */
#ifndef WEIGHTS_WEIGHT_DIFF_H
#define WEIGHTS_WEIGHT_DIFF_H

#include "stream/safetensors.h"

#include <stdio.h>

struct weight_diff {
	int n_equal;	/* tensors whose elements are all the same */
	int n_differ;
	int n_unlike;	/* that only one file has, or that have another shape */
	double max_abs;	/* largest |a - b| of an element; infinite where one is no number and the other is */
	double max_rel;	/* largest |a - b| / |a| of a tensor, by Euclidean norms; infinite where only a is 0 */
};

/* A line for each tensor that is not the same in both, then the sums. */
void weight_diff_print(struct weight_diff *d, const struct safetensors *a, const struct safetensors *b, FILE *file);

#endif
