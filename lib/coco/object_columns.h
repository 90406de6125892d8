/*
 * object_columns: the objects of a sample under construction, a column for each thing that may be said of them.
 *
 *     struct object_columns c;
 *     TRY(object_columns_make(&c, n, t->n_keypoints, arena));
 *     TRY(object_columns_put(&c, s->n++, &object, box, arena));
 *     object_columns_use(s, &c);
 */
#ifndef COCO_OBJECT_COLUMNS_H
#define COCO_OBJECT_COLUMNS_H

#include "coco/image_table.h"

struct object_columns {
	int n_keypoints;	/* K */
	float *boxes;
	int32_t *labels;
	double *area;
	uint8_t *iscrowd, *ignore, *truncated;
	float *score, *weight;
	int64_t *object_id;
	int32_t *original_labels;
	uint8_t *form;
	const char **members;
	double *bbox;
	bool bbox_told;	/* by the boxes alone, of all objects so far */
	struct sample_mask *masks;
	float *keypoints;	/* [n K 3] */
	double *points;	/* [n K 3] */
	struct {
		bool area, iscrowd, ignore, truncated, score, weight, original_labels, members, masks, keypoints, points;
	} used;	/* by any object */
};

/* Room for n objects, in the arena. Error: memory. */
int object_columns_make(struct object_columns *c, size_t n, int n_keypoints, struct arena *a) MUST_CHECK;

/* Object o becomes the sample's object i; box is what the sample shows of its own. Error: memory. */
int object_columns_put(struct object_columns *c, int64_t i, const struct table_object *o, const double box[4], struct arena *a)
	MUST_CHECK;

/* The columns become those of s, which has s->n > 0 objects; those that none of its objects uses are left out. */
void object_columns_use(struct sample *s, const struct object_columns *c);

#endif
