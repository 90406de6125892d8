/*
 * corrupt: labels that are wrong on purpose, to see how a training bears it.
 *
 * Each label, of an object or of an image, becomes one of the other classes, all equally likely, with probability `rate` (symmetric
 * noise). What it was is kept in original_labels and original_class_label. Chance depends on seed, source, image id and object id
 * alone: a label is wrong in all epochs or in none, and what is wrong at a rate is wrong in the same way at any higher one.
 * Label maps stay as they are.
 */
#ifndef COCO_CORRUPT_H
#define COCO_CORRUPT_H

#include "base/arena.h"
#include "record/sample.h"

struct corrupt_options {
	double rate;	/* 0..1; 0: nothing is done */
	uint64_t seed;
};

/* *n is how many labels became wrong. The new ones are in arena memory. n_categories >= 2. Error: memory. */
int corrupt_labels(int64_t *n, struct sample *s, int n_categories, const struct corrupt_options *o, struct arena *a) MUST_CHECK;

#endif
