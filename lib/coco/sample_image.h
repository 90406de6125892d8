/*
 * sample_image: the image of a sample as a file: the bytes it carries, or its pixels, encoded.
 */
#ifndef COCO_SAMPLE_IMAGE_H
#define COCO_SAMPLE_IMAGE_H

#include "coco/dataset.h"

struct sample_image {
	const char *name;	/* the sample's file name, with .png or .jpg for pixels; made of its id when it has none */
	const char *suffix;	/* "jpg" or "png", by what the bytes are */
	const uint8_t *bytes;
	size_t size;
};

#define REJECT_NO_PIXELS "sample without an image"
#define REJECT_NAME_ESCAPE "file name leads out of the directory"
#define REJECT_NAME_UTF8 "file name is not UTF-8"

/*
 * In r's arena. jpeg_quality 1..100: pixels become JPEG; 0: PNG, without loss. What is padding is cut off. A sample that cannot
 * be a file is a reject (r->reject). Error: memory; encoding.
 */
int sample_image_make(struct sample_image *image, struct dataset_record *r, int jpeg_quality) MUST_CHECK;

/* The label map as a grey PNG file, without padding, in r's arena; *bytes is NULL when there is none. Error: memory. */
int sample_labels_make(uint8_t **bytes, size_t *size, struct dataset_record *r) MUST_CHECK;

/* Whether a relative path stays where it is: no '..', no '/' at its beginning or end. */
bool path_stays_inside(const char *path);

#endif
