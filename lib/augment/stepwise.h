/*
 * stepwise: steps done one after the other on an image at its own size, in whole pixels.
 *
 * This is how AutoAugment was published (AUGMENT_TPU), and in the sane variant it is what precedes operations
 * inside of boxes, because these need the pixels as they are by then.
 */
#ifndef AUGMENT_STEPWISE_H
#define AUGMENT_STEPWISE_H

#include "augment/augment_op.h"
#include "base/arena.h"

/* An image under way, and where its objects are by now. */
struct augment_frame {
	struct image_region image;
	int64_t n;
	const double *boxes;	/* [n 4] x0 y0 x1 y1 before all steps */
	double m[6];	/* moves them to where they are now */
	float *tpu_boxes;	/* AUGMENT_TPU: [n 4] y0 x0 y1 x1 as fractions of the image, where they are now */
};

/* Do one step in place. Error: memory. */
int augment_stepwise(struct augment_frame *frame, const struct augment_step *step, enum augment_quirks quirks,
		     struct arena *a) MUST_CHECK;

/* The box of an object now, cut to the frame of w x h pixels: x0 y0 x1 y1; for steps in boxes that are not AUGMENT_TPU. */
void augment_box_now(double box[4], const double *boxes, int64_t object, const double m[6], double w, double h);

/*
 * The rectangle of a cutout at a spot, in a frame of w x h pixels where the object's box is `box` (not looked at when the
 * spot is in the whole image); cut to the frame, and to the box where the operation says so.
 */
void augment_cutout_rect(double rect[4], const struct augment_step *step, const struct augment_spot *spot,
			 const double box[4], double w, double h, enum augment_quirks quirks);

/* As published: cut to 0..1, and a side of no length becomes one of up to 0.05. */
void augment_tpu_trim(float box[4]);

#endif
