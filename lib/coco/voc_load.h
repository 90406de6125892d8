/*
 * voc_load: samples of a PASCAL VOC directory, with label maps and masks.
 *
 * SegmentationObject/NAME.png has the masks: a pixel's number i is the i-th object of the image's XML file, counted from 1; 0 is
 * no object, and 255 the border around objects, which is none either. An object without pixels has no mask.
 */
#ifndef COCO_VOC_LOAD_H
#define COCO_VOC_LOAD_H

#include "coco/image_table.h"
#include "coco/label_map.h"

/* The table comes first: image_table_load() takes the state for it. */
struct voc {
	struct image_table table;
	const char *maps;	/* directory of the label maps; NULL: none */
	const char *objects;	/* the same of the objects' masks */
	int16_t class_of[256];
};

/* dataset_kind.load; d->state is the struct voc. */
int voc_load(const struct dataset *d, struct dataset_record *r) MUST_CHECK;

#endif
