/*
 * image_classes: which classes the images of a data set show, found without reading images where the annotations are apart from them.
 */
#ifndef COCO_IMAGE_CLASSES_H
#define COCO_IMAGE_CLASSES_H

#include "coco/dataset.h"

struct image_classes {
	int64_t *first;	/* [n + 1] index of an image's first label */
	int32_t *labels;	/* of all images: one for each object that is no crowd and not ignored, or that of the image */
};

/*
 * Of a data set that can be read in any order; memory from malloc(). Packs are read through. Error: memory; a record is damaged.
 * image_classes_release() is also right then.
 */
int image_classes_read(struct image_classes *c, struct dataset *d) MUST_CHECK;
void image_classes_release(struct image_classes *c);

#endif
