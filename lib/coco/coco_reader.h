/*
 * coco_reader: what the parts of the COCO JSON reader share: dataset_coco.c has the document, coco_masks.c the
 * masks.
 */
#ifndef COCO_COCO_READER_H
#define COCO_COCO_READER_H

#include "base/json_value.h"
#include "coco/image_table.h"

struct coco_reader {
	struct dataset *d;
	struct image_table *table;
	struct json_reader json;
	struct id_map object_ids;
	bool has_images, has_categories;
	double *xy;	/* numbers of the array that is being read */
	int64_t n_xy, xy_room;
	int32_t *points;	/* of the polygons that are being read */
	int n_polygons, polygons_room;
};

/* Width or height: a whole number of pixels, at least 1. */
int coco_take_side(struct json_reader *j, const char *what, int32_t *side) MUST_CHECK;

/* The rest of an array of numbers, added to c->xy. Error: anything else in it. */
int coco_read_numbers(struct coco_reader *c, const char *what) MUST_CHECK;

/* The value of "segmentation": polygons, a run-length mask of either kind, or null. o->mask stays NULL for none. */
int coco_read_segmentation(struct coco_reader *c, struct table_object *o) MUST_CHECK;

#endif
