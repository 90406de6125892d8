/*
 * weight_average: the mean of the same tensors in several files.
 */
#ifndef WEIGHTS_WEIGHT_AVERAGE_H
#define WEIGHTS_WEIGHT_AVERAGE_H

#include "stream/safetensors.h"

/*
 * items [files[0].n_items], in arena memory: of each tensor the mean over all files, in double precision. With decay > 0 the
 * moving average in the order of the files instead: a = decay * a + (1 - decay) * next, beginning with the first file.
 * Whole numbers (counters) are those of the last file.
 * Error: a file that has other names, shapes or types than the first.
 */
int weight_average(struct safetensors_item *items, const struct safetensors *files, int n_files, double decay, struct arena *a) MUST_CHECK;

#endif
