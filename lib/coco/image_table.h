/*
 * image_table: the index of a data set whose images are files: what COCO JSON, VOC and plain
 * directories have in common.
 *
 * A kind fills the table while it reads its annotations (image_table_add(), object_table_add()),
 * then image_table_finish() links objects to images; from then on the table does not change and
 * image_table_load() makes samples of it in any thread.
 */
#ifndef COCO_IMAGE_TABLE_H
#define COCO_IMAGE_TABLE_H

#include "coco/dataset.h"
#include "coco/id_map.h"

/* Polygons or a run-length string, as small as they go. */
struct table_mask {
	int32_t n_polygons;	/* 0: rle, or nothing: no pixels */
	int32_t rle_h, rle_w;
	const char *rle;	/* COCO's compressed string */
	const int32_t *n_points;	/* [n_polygons] */
	const double *xy;	/* [sum of n_points, 2] */
	bool as_numbers;	/* run lengths were written as numbers, not as text */
	bool broken;	/* its object is rejected */
};

struct table_object {
	int64_t id;
	struct sample_id image_id;
	int64_t image;	/* index of the image; -1: unknown. Set by image_table_finish() */
	int64_t category;	/* id of the category */
	int32_t label;	/* -1: unknown category. Set by image_table_finish() */
	double box[4];	/* x0 y0 x1 y1 in pixels, as annotated */
	double side[2];	/* width and height where these were annotated, not the corner; else 0 */
	double area;	/* NaN: not annotated */
	bool iscrowd, ignore, truncated;
	bool scored;	/* it was found, not annotated: */
	float score;
	const struct table_mask *mask;	/* NULL: none */
	float weight;	/* in the loss, if `weighted` */
	const float *keypoints;	/* [n_keypoints 3] x y v, or NULL */
	const double *points;	/* [n_keypoints 3] the same, where these are not what was annotated; or NULL */
	bool weighted, relabelled;
	uint8_t form;	/* see struct sample */
	int64_t original_category;	/* id of the category before it was made wrong, if `relabelled` */
	int32_t original_label;	/* -1: none, or unknown. Set by image_table_finish() */
	const char *members;	/* JSON object: what nothing here holds; NULL: nothing */
};

struct table_image {
	struct sample_id id;
	const char *file_name;
	int32_t w, h;	/* pixels, as annotated; 0: not annotated */
	bool no_annotation;	/* its annotation file is missing */
	bool has_category;	/* the image as a whole is of a class */
	bool relabelled;	/* its class was made wrong on purpose */
	int64_t category;	/* its id */
	int64_t original_category;	/* before it was made wrong */
	int32_t label;	/* of the image; -1: unknown category. Set by image_table_finish() */
	int32_t original_label;	/* -1: none, or unknown. Set by image_table_finish() */
	const char *members;	/* JSON object: what nothing here holds; NULL: nothing */
	int64_t first, n;	/* its objects. Set by image_table_finish() */
};

struct image_table {
	const char *directory;	/* of the image files, unless their names are absolute; NULL: they are no files */
	bool normalised;	/* boxes and polygons are parts of the image's width and height, not pixels */
	int64_t n_images, images_room;
	struct table_image *images;
	int64_t n_objects, objects_room;
	struct table_object *objects;	/* those of one image stand together after image_table_finish() */
	struct id_map by_id;	/* image id to index */
	int n_keypoints;	/* of every object that has any */
};

void image_table_init(struct image_table *t);
void image_table_release(struct image_table *t);

/* Error: memory; the id is there already (*duplicate is set then, so that the caller can say where). */
int image_table_add(struct image_table *t, const struct table_image *image, bool *duplicate) MUST_CHECK;
int object_table_add(struct image_table *t, const struct table_object *object) MUST_CHECK;

/*
 * Link everything, find labels by the data set's categories, fill the data set's index from the table, and
 * see that at least one image file is there. Error: memory; no image file exists.
 */
int image_table_finish(struct image_table *t, struct dataset *d) MUST_CHECK;

/* Where the image's file is, in the arena. NULL: memory. */
const char *image_table_path(const struct image_table *t, const struct table_image *image, struct arena *a) MUST_CHECK;

/* dataset_kind.classes of those whose objects are all in the table. */
int image_table_classes(const struct dataset *d, struct dataset_record *r) MUST_CHECK;

/* dataset_kind.load of these kinds; d->state is the table. */
int image_table_load(const struct dataset *d, struct dataset_record *r) MUST_CHECK;

/*
 * Look at the header of r->sample's encoded image, and find the frame that w x h annotations (0: not known) were made
 * in. r->reject says why it cannot be used. Error: memory.
 */
int image_load_header(struct dataset_record *r, int32_t w, int32_t h, bool exif_turned) MUST_CHECK;

/*
 * The halves of image_table_load(), for kinds whose maps say more than the table: the image, as annotated with w x h
 * (0: not), and objects in its place. r->reject says why it cannot be used.
 */
int image_table_load_image(const struct dataset *d, struct dataset_record *r, int32_t w, int32_t h) MUST_CHECK;
int image_table_load_objects(struct dataset_record *r, const struct image_table *t, const struct table_object *o, int64_t n)
	MUST_CHECK;

/* dataset_kind.close of kinds whose state is a table, or begins with one. */
void image_table_close(struct dataset *d);

#endif
