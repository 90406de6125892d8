/*
 * coco_masks: the value of "segmentation" in COCO JSON, and arrays of numbers.
 *
 * The buffers grow to the largest array and are used again.
 *
 *     struct coco_masks masks = { .json = &json, .arena = &arena };
 *     TRY(coco_read_segmentation(&masks, &mask));
 *     coco_masks_release(&masks);
 */
#ifndef COCO_COCO_MASKS_H
#define COCO_COCO_MASKS_H

#include "base/json_value.h"
#include "coco/image_table.h"

struct coco_masks {
	struct json_reader *json;
	struct arena *arena;	/* masks are kept here */
	double *xy;	/* numbers of the array that is being read */
	int64_t n_xy, xy_room;
	int32_t *points;	/* of the polygons that are being read */
	int n_polygons, polygons_room;
	bool null;	/* the last segmentation was none, and was written as null */
};

/* Width or height: a whole number of pixels, at least 1. */
int coco_take_side(struct json_reader *j, const char *what, int32_t *side) MUST_CHECK;

/* The rest of an array of numbers, added to c->xy. Error: anything else in it. */
int coco_read_numbers(struct coco_masks *c, const char *what) MUST_CHECK;

/*
 * The value of "segmentation": polygons, a run-length mask of either kind, or null. *mask is NULL for null and for no polygons.
 * Whether the runs cover the mask is not looked at.
 */
int coco_read_segmentation(struct coco_masks *c, struct table_mask **mask) MUST_CHECK;

void coco_masks_release(struct coco_masks *c);

#endif
