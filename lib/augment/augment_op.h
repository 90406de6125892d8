/*
 * augment_op: the operations of AutoAugment and RandAugment, each with a name and one argument.
 *
 * A kind of operation is one struct in one file, found by the build by its symbol augment_op_*. An operation
 * that was drawn for an image is a step: which operation, the value of its argument, and what else was random
 * about it. Steps say all that is needed to do the same again.
 *
 * There are three sorts. A geometric one moves the image by a matrix. One on colours changes pixels by what they
 * are, never where they are: by a table for each channel, or as `struct image_change` says. A cutout paints
 * a rectangle. With `inside`, an operation is carried out inside of boxes, and on nothing else.
 *
 * Source: Zoph et al., "Learning Data Augmentation Strategies for Object Detection", arXiv 1906.11172, and its
 * code for TPUs; Cubuk et al., "RandAugment", arXiv 1909.13719.
 */
#ifndef AUGMENT_AUGMENT_OP_H
#define AUGMENT_AUGMENT_OP_H

#include "base/error.h"
#include "image/point.h"

#include <stdbool.h>
#include <stdint.h>

enum { AUGMENT_MAX_LEVEL = 10, AUGMENT_FILL = 128 };

/* What magnitude 10 means where that is not the same everywhere. */
struct augment_scale {
	double translate, translate_boxes;	/* pixels */
	double cutout, cutout_boxes;	/* pixels, half of a side */
};

enum augment_sort { AUGMENT_GEOMETRY, AUGMENT_POINT, AUGMENT_CUTOUT };

struct augment_op {
	const char *name;	/* in --policy and --explain */
	enum augment_sort sort;
	bool either_way;	/* the value's sign is drawn */
	/* The value for a magnitude, which is 0..10 and may be more. */
	double (*value)(double level, const struct augment_scale *scale);
	/* Geometry: where a point of a frame of w x h pixels goes. */
	void (*matrix)(double m[6], double value, double w, double h);
	/* Point: what to do to the pixels of an image. Error: memory. */
	int (*change)(struct image_change *change, double value, const struct image_region *image);
	bool sees_all;	/* change() depends on the pixels that are there, so it needs the whole image */
};

/* A place inside of a frame or of a box, as fractions of its width and height in [0, 1). */
struct augment_spot {
	int64_t object;	/* index into the sample's objects; -1: the whole image */
	double x, y;
};

struct augment_step {
	const struct augment_op *op;
	double value;
	int n_spots;
	const struct augment_spot *spot;	/* cutouts: where; operations inside of boxes: which, in this order */
};

/* All operations, NULL-terminated. */
extern const struct augment_op *const augment_ops[];

/* The operation of that name (of length bytes), or NULL. */
const struct augment_op *augment_op_find(const char *name, size_t length);

/* value() of operations that have no argument. */
double augment_no_value(double level, const struct augment_scale *scale);

#endif
