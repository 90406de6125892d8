/*
 * tar_sample: the files of a WebDataset archive that make one sample: those whose names are the same up to the first
 * dot.
 *
 *     KEY.jpg, .jpeg, .png   the image
 *     KEY.json               {"source": name, "image": {...}, "annotations": [...]}, the last two as in COCO JSON; other keys
 *                            mean nothing here
 *     KEY.cls                the number or name of its class
 *     KEY.txt                a caption
 *     KEY.semantic.png       a label map, its numbers those of the classes, 255 none
 */
#ifndef COCO_TAR_SAMPLE_H
#define COCO_TAR_SAMPLE_H

#include "coco/image_table.h"
#include "coco/tar_reader.h"

enum tar_part_kind { TAR_IMAGE, TAR_JSON, TAR_CLASS, TAR_CAPTION, TAR_LABELS, TAR_PARTS };

struct tar_part {
	struct tar_member member;	/* name NULL: it is not there */
	uint8_t *data;	/* NULL: not read yet */
};

struct tar_sample {
	const char *key;
	struct tar_part part[TAR_PARTS];
	struct table_image image;	/* id, size and name as the JSON says, else the key and the image's name */
	const char *source;	/* as the JSON says; NULL: that of the archive */
	const char *class_text;	/* NULL: it has none */
	const char *reject, *detail;	/* NULL, or why it cannot be used */
};

/* The key of a member's name and the kind of file it is; -1: of none, or hidden. */
int tar_part_of(const char *name, size_t *key_size);

/*
 * Read the sample's JSON: its objects go to the table, all else arena memory. What is wrong with it makes the sample a
 * reject without objects. Error: memory.
 */
int tar_sample_read_json(struct tar_sample *s, const char *archive, struct image_table *objects, struct arena *a) MUST_CHECK;

/* class_text from the file that has been read, without the space around it, in the arena. */
int tar_sample_take_class(struct tar_sample *s, struct arena *a) MUST_CHECK;

/* The label of such a text: a number, or the name of a category; -1: neither. */
int32_t tar_class_label(const struct dataset *d, const char *text);

/*
 * Fill r from a sample whose parts have been read, with its n objects, whose labels are set. r->reject says why it
 * cannot be used. Error: memory.
 */
int tar_sample_load(const struct dataset *d, struct dataset_record *r, const struct tar_sample *s, const struct image_table *t,
		    const struct table_object *objects, int64_t n) MUST_CHECK;

/*
 * The categories of a file like __cocopipe__/categories.json, {"categories": [...]}, into d. Error: names file and
 * place.
 */
int tar_read_categories(struct dataset *d, const char *name, const uint8_t *data, size_t size) MUST_CHECK;

#endif
