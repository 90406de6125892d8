/*
 * coco_reader: files in COCO's form, {"images": [...], "annotations": [...], "categories": [...]} in any order.
 *
 * Images and categories are read here, into the table and the data set; what an annotation is, the caller knows. Members
 * that mean nothing here are kept as text.
 */
#ifndef COCO_COCO_READER_H
#define COCO_COCO_READER_H

#include "base/json_members.h"
#include "coco/coco_masks.h"
#include "coco/id_set.h"

struct coco_reader {
	struct dataset *d;
	struct image_table *table;
	struct arena *arena;	/* what objects are made of */
	struct json_reader json;
	struct coco_masks masks;
	struct id_set object_ids;
	struct json_members members;	/* of the object that is being read, what nobody here knows */
	struct json_members count;	/* num_keypoints of the annotation */
	struct json_members about;	/* of the file */
	/* Reads the rest of an object in "annotations", behind its brace. */
	int (*read_annotation)(struct coco_reader *c);
	void *context;	/* the caller's */
	bool has_images, has_categories;
};

/* Whether path is a file that starts like a JSON object, or is named like one. */
bool coco_file_is(const char *path);

/*
 * Read the whole file; the categories are then in the order of their ids. Error: not JSON, or not of this form; an id
 * that is there twice; what read_annotation() says. The message names file, line and column.
 */
int coco_reader_read(struct dataset *d, struct image_table *table, const char *path,
		     int (*read_annotation)(struct coco_reader *c), void *context) MUST_CHECK;

/* An array of nothing but objects, each of them read by read_one(), behind its brace. */
int coco_read_list(struct coco_reader *c, const char *what, int (*read_one)(struct coco_reader *c)) MUST_CHECK;

/* The rest of an object of "images"; what it does not say is left as it is. */
int coco_read_image(struct coco_reader *c, struct table_image *image, bool *has_id) MUST_CHECK;

/* The next value as an id, a whole number or a string in arena memory. */
int coco_take_id(struct json_reader *j, const char *what, struct sample_id *id, struct arena *a) MUST_CHECK;

/* Keys that an object has; bits of `seen` below. */
enum { COCO_HAS_ID = 1, COCO_HAS_IMAGE = 2, COCO_HAS_CATEGORY = 4, COCO_HAS_BOX = 8, COCO_HAS_SCORE = 16 };

/* The rest of an annotation, with all keys that it must have, and an id that no other has had. */
int coco_read_object(struct coco_reader *c, struct table_object *o) MUST_CHECK;

/* Let go of what a reader took while it read. */
void coco_reader_release(struct coco_reader *c);

/*
 * A document of "categories", which go to c->d in their order, and "about", objects with "source" and the "members" that a data
 * set has for itself; other keys mean nothing.
 */
int coco_read_categories(struct coco_reader *c) MUST_CHECK;

/* The rest of an object: what is known of an annotation, with a bit for each key that is there. */
int coco_read_fields(struct coco_reader *c, struct table_object *o, unsigned *seen) MUST_CHECK;

/*
 * Results, [{"image_id", "category_id", "bbox" or "segmentation", "score"}, ...], become the objects of the images in
 * c's table, numbered from 1. Error: as coco_reader_read().
 */
int coco_results_read(struct dataset *d, struct image_table *table, const char *path) MUST_CHECK;

#endif
