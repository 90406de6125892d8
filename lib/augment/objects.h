/*
 * objects: what belongs to an image moves with its pixels, all of it by one affine map.
 *
 * Coordinates are continuous (image/affine.h): the pixel i covers i..i+1, its centre is at i + 0.5, an image w pixels
 * wide ends at w. Boxes and polygons are such coordinates. A keypoint is the number of a pixel, as in COCO:
 * its place is the pixel's centre, so x means x + 0.5. Masks of pixels and label maps take the value of the
 * pixel in which the centre came to lie.
 *
 *     struct objects_param how = { .boxes = OBJECTS_TIGHT };
 *     out = in;  out.pixels = ...;  out.valid_w = ...;  out.valid_h = ...;
 *     TRY(augment_objects(&out, &in, m, &how, &loss, arena));
 *     TRY(augment_semantic(&out, &in, m, arena));
 */
#ifndef AUGMENT_OBJECTS_H
#define AUGMENT_OBJECTS_H

#include "augment/keypoint_swap.h"
#include "base/arena.h"
#include "base/error.h"
#include "image/convex.h"
#include "record/sample.h"

#include <stdbool.h>
#include <stdint.h>

/* Where the box comes from when its object is turned or cut. In all other cases it is the box itself, moved. */
enum objects_boxes {
	OBJECTS_TIGHT,	/* from the part of the mask that can be seen; of objects without a mask as OBJECTS_CORNERS */
	OBJECTS_CORNERS,	/* around the four moved corners, cut to the view */
};

struct objects_param {
	enum objects_boxes boxes;
	/*
	 * What of the canvas shows the image, where that is less than the valid area: an image that was moved twice was cut
	 * in between. NULL: the valid area.
	 */
	const struct convex *view;
	const struct keypoint_twins *twins;	/* of each category; NULL: objects with 17 keypoints are COCO's persons */
	/*
	 * NULL, or f32 [n 4]: where the boxes of in's objects have come to lie; an object without area there is
	 * removed, and masks remove none. Then `boxes` does not matter.
	 */
	const float *placed;
};

/* What did not survive. Objects are lost whole; keypoints are lost from objects that stay. */
struct augment_loss {
	int64_t outside;	/* objects of which nothing lies in the valid area */
	int64_t empty;	/* objects whose box had no area to begin with */
	int64_t crowd;	/* crowds, where boxes were placed without them */
	int64_t keypoints;	/* objects with labelled keypoints that have no known mirror image */
};

/*
 * The objects of `in` moved by m and cut to the view, into out; out->pixels' shape is the canvas. m is any map
 * that has an inverse, from the frame of in's boxes. The view is the valid area, unless how->view says less.
 *   boxes      within the view's box, see enum objects_boxes; an object without any area left is removed
 *   polygons   moved. Not cut at the valid area: what lies outside of it is outside of the image. Cut to how->view
 *   run lengths  redrawn on the canvas: a pixel of the view is inside when its centre was. Of a sliver that holds no
 *              pixel's centre an empty mask stays, with its box
 *   keypoints  those that leave the view become unlabelled (0 0 0). When m mirrors, left and right exchange
 *              their names; those of objects of which it is not known which do become unlabelled, and when
 *              there are no others out has none
 *   area       stays as annotated, in original pixels
 * Error: a run-length mask that is malformed or not of the size of its image (says which object); memory.
 * loss is added to.
 */
int augment_objects(struct sample *out, const struct sample *in, const double m[6], const struct objects_param *how,
		    struct augment_loss *loss, struct arena *a) MUST_CHECK;

/*
 * The label map of `in` moved by m: the label in which a pixel's centre lies; 255 in the padding, where the
 * centre lies outside of the map, and outside of the view (NULL: the valid area). Error: a map of another size than its image; m has no inverse; memory.
 */
int augment_semantic(struct sample *out, const struct sample *in, const double m[6], const struct convex *view,
		     struct arena *a) MUST_CHECK;

/* How masks move from in's frame to out's. */
struct mask_move {
	const struct sample *out, *in;
	const double *m;	/* [6] */
	const struct convex *view;
	bool cut;	/* the view is less than the valid area */
	bool tight;	/* boxes are wanted */
};

/*
 * One mask moved. box, the moved one of its object, is made tight where that is wanted; *seen is false when nothing of
 * the mask is in the view then. Error: as augment_objects().
 */
int object_mask_move(struct sample_mask *mask, float box[4], bool *seen, const struct mask_move *move, struct arena *a)
	MUST_CHECK;

/* Error: w x h is not the size of in's pixels or, while it has none, orig_w x orig_h; says what it is then. */
int objects_check_frame(const struct sample *in, const char *what, int64_t w, int64_t h) MUST_CHECK;

/* The keypoints of in's objects kept[0..out->n-1] moved by m, into out. Error: memory. */
int objects_move_keypoints(struct sample *out, const struct sample *in, const double m[6], const int64_t *kept,
			   const struct objects_param *how, struct augment_loss *loss, struct arena *a) MUST_CHECK;

#endif
