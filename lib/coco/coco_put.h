/*
 * coco_put: samples as the objects of COCO JSON.
 *
 * Coordinates are those of the image as the sample carries it. Of a sample that was never transformed they are what was annotated, to
 * the last digit: polygons and areas always, boxes by sample_bbox() or `bbox`, keypoints by sample_decimal() or `points`. After a
 * transform the area is scaled with it.
 */
#ifndef COCO_COCO_PUT_H
#define COCO_COCO_PUT_H

#include "base/json.h"
#include "record/sample.h"

/*
 * {"id": ..., "name": ..., "supercategory": ..., "keypoints": [...], "skeleton": [...]}, what there is of it, and what else is said
 * of it. Error: that is no JSON.
 */
int coco_put_category(struct json_writer *j, const struct category *c) MUST_CHECK;

/*
 * {"id": ..., "file_name": ..., "width": ..., "height": ...}, "category_id" where the image as a whole has a class, and what else
 * is said of it. Error: that is no JSON.
 */
int coco_put_image(struct json_writer *j, const struct sample *s, const char *file_name, const struct category *categories) MUST_CHECK;

/*
 * Object i as an annotation with that id. Also "ignore", "score", "weight" and "original_category_id", where they say something,
 * and what else is said of it. Error: memory; a mask that is none; members that are no JSON.
 */
int coco_put_annotation(struct json_writer *j, const struct sample *s, int64_t i, int64_t id,
			const struct category *categories, struct arena *a) MUST_CHECK;

/* Width and height of the image as it is carried, in the frame of the boxes. */
void coco_size(int *w, int *h, const struct sample *s);

#endif
