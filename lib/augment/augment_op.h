/*
 * augment_op: the operations of AutoAugment and RandAugment, each with a name and one argument.
 *
 * A kind of operation is one struct in one file, found by the build by its symbol augment_op_*. An operation
 * that was drawn for an image is a step: which operation, the value of its argument, and what else was random
 * about it. Steps say all that is needed to do the same again.
 *
 * There are three sorts. A geometric one moves the image by a matrix. One on colours changes pixels by what they
 * are, never by where they are. A cutout paints a rectangle. Each works on the whole image, or inside of
 * boxes and on nothing else.
 *
 * Everything is there twice: as it ought to be, and as the code for TPUs that the papers used has it
 * (enum augment_quirks), with its roundings and its boxes of whole pixels.
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

enum augment_quirks {
	AUGMENT_SANE,
	AUGMENT_TPU,	/* the published order and rounding, bit for bit */
};

/* What magnitude 10 means where that is not the same everywhere. */
struct augment_scale {
	double translate, translate_boxes;	/* pixels */
	double cutout, cutout_boxes;	/* pixels, half of a side */
};

enum augment_sort { AUGMENT_GEOMETRY, AUGMENT_POINT, AUGMENT_CUTOUT };

enum augment_where {
	AUGMENT_IMAGE,
	AUGMENT_ONE_BOX,	/* in one box that is drawn; not at all where there is none */
	AUGMENT_EACH_BOX,	/* in each box, with a third of the probability, decided for each alone */
};

/* What an operation on colours wants to know of the image before it. */
enum augment_needs { AUGMENT_NEEDS_NOTHING, AUGMENT_NEEDS_COUNTS, AUGMENT_NEEDS_LUMA };

struct augment_op {
	const char *name;	/* in --policy and --explain */
	enum augment_sort sort;
	enum augment_where where;
	bool either_way;	/* the value's sign is drawn */
	bool plain;	/* has no argument; value() is NULL and the value 0 */
	/* The value for a magnitude, which is 0..10 and may be more. */
	double (*value)(double level, const struct augment_scale *scale);

	/* Geometry: where a point of a frame of w x h pixels goes. */
	void (*matrix)(double m[6], double value, double w, double h);
	/* As published: pixel x, y is read at t[0] x + t[1] y + t[2], t[3] x + t[4] y + t[5], indices of pixels. */
	void (*tpu_reads)(float t[6], float value, int w, int h);
	/* As published: a box y0 x0 y1 x1, as fractions of h and w; not cut yet. NULL: boxes stay. */
	void (*tpu_box)(float box[4], float value, int w, int h);

	/* Colours: what to do to the pixels of an image. */
	void (*change)(struct image_change *change, double value, enum augment_quirks quirks,
		       const struct image_stats *stats);
	enum augment_needs needs;
	bool looks_around;	/* a pixel's new colour depends on its neighbours: full scale is wanted */

	/* Cutouts: x0 y0 x1 y1 for a middle at the fractions at[2] of a frame x0 y0 x1 y1; still to be cut to it. */
	void (*rect)(double rect[4], double value, const double frame[4], const double at[2]);
	/* As published; the frame's sides are whole numbers. */
	void (*tpu_rect)(double rect[4], double value, const double frame[4], const double at[2]);
	bool may_leave;	/* the rectangle is cut to the image, not to its box */
};

/* A place inside of a frame or of a box, as fractions of its width and height in [0, 1). */
struct augment_spot {
	int64_t object;	/* index into the sample's objects; -1: the whole image */
	double at[2];	/* cutouts: where the middle is */
};

struct augment_step {
	const struct augment_op *op;
	double value;
	int n_spots;
	const struct augment_spot *spot;	/* cutouts and operations in boxes, in this order; otherwise none */
};

/* All operations, NULL-terminated. */
extern const struct augment_op *const augment_ops[];

/* The operation of that name (of length bytes), or NULL. */
const struct augment_op *augment_op_find(const char *name, size_t length);

/*
 * What a step on colours does to this image, into change. Counts are taken of `image` as if `pending` had been done
 * to it (NULL: nothing).
 */
void augment_op_change(struct image_change *change, const struct augment_step *step, enum augment_quirks quirks,
		       const struct image_region *image, const struct image_change *pending);

#endif
