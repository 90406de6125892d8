/*
 * selection: which images of a data set are used.
 *
 * Images are ranked by a hash of seed and id, so neither their order nor what else is there matters. In this order
 *   1. imbalance keeps an image while none of its classes has its quota: class c of C may have floor(n * ratio^(-c / (C - 1))) images,
 *      at least 1, where n is the largest number of images that a class has (Cui et al., "Class-Balanced Loss", 2019, on CIFAR: there
 *      each image has one class and all have n);
 *   2. of these the first `subset` or round(fraction x images) are chosen; or, class by class, the first images that have `images_per_class`
 *      images with the class among them, or as many as have `objects_per_class` objects of it.
 * A smaller number chooses a part of what a larger one chooses, of the same seed.
 */
#ifndef COCO_SELECTION_H
#define COCO_SELECTION_H

#include "coco/dataset.h"

struct selection_options {
	double fraction;	/* of the images, 0..1 */
	int64_t subset;	/* images; 0: by fraction */
	int64_t images_per_class, objects_per_class;	/* 0: not */
	double imbalance;	/* images of the first class for one of the last, at least 1; 0: as it is */
	bool rest;	/* the images that step 2 does not choose */
	uint64_t seed;
};

struct selection {
	int64_t n;
	int64_t *image;	/* [n] indices, ascending */
	int n_short;	/* classes that have less than images_per_class or objects_per_class asks for */
};

/* Error: what no data could make sense of: a part of the images that is empty; more than one way to choose. */
int selection_check_options(const struct selection_options *o) MUST_CHECK;

/* In the data set's arena. Error: nothing is selected; fewer images than subset; no classes; memory. */
int selection_make(struct selection *s, struct dataset *d, const struct selection_options *o) MUST_CHECK;

#endif
