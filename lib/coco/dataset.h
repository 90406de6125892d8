/*
 * dataset: images with their objects, from any kind of source.
 *
 * One file per kind (dataset_X.c defines `const struct dataset_kind dataset_kind_X`), found by the build.
 * A data set is an index in memory (ids, object counts, annotations); image bytes are read when
 * their turn comes, by dataset_load(), which may run in many threads at once.
 *
 *     struct dataset d;
 *     struct dataset_record r;
 *     TRY(dataset_open(&d, "train.json", &options));
 *     dataset_record_init(&r);
 *     r.index = 17;
 *     TRY(dataset_fetch(&d, &r));     // in one thread, in order
 *     TRY(dataset_load(&d, &r));      // in any thread
 *     if (r.reject == NULL)
 *             ... r.sample ...        // lives until the record is used again
 *     dataset_record_release(&r);
 *     dataset_close(&d);
 *
 * What cannot be used is a reject with a reason, never an error: a whole record (r.reject), or single
 * objects (r.rejects). Errors are what makes the source as a whole doubtful: it cannot be
 * read, or its structure is wrong.
 */
#ifndef COCO_DATASET_H
#define COCO_DATASET_H

#include "base/arena.h"
#include "base/error.h"
#include "record/sample.h"

struct dataset_options {
	const char *format;	/* name of a kind; NULL: found out */
	const char *images;	/* COCO, lists, VOC's XML files alone: directory of the images */
	const char *labels;	/* panoptic, label maps: directory of the PNG files */
	const char *results;	/* COCO: JSON of results, which become the objects in the place of annotations */
	const char *set;	/* VOC: name of the list in ImageSets/Main; YOLO, CIFAR: of the part */
	const char *source;	/* name of the data set, in place of its own */
	const char *classes;	/* "a,b,c", the order of the labels; NULL: what the source says, or all its names, sorted */
	bool exif_turned;	/* where the size cannot tell, the annotations were made on the turned image */
	bool unlabelled;	/* annotations are not needed and not carried */
};

/* An object that was left out of a sample. */
struct dataset_reject {
	const char *reason;	/* a string constant; see reasons below */
	int64_t object_id;
};

#define REJECT_NO_IMAGE "image file missing"
#define REJECT_NO_ANNOTATION "annotation file missing"
#define REJECT_NOT_IMAGE "not a JPEG or PNG image"
#define REJECT_DAMAGED "image cannot be decoded"
#define REJECT_TRUNCATED "image file is cut short"
#define REJECT_SIZE "size differs from the image"
#define REJECT_BOX_EMPTY "box without area"
#define REJECT_BOX_OUTSIDE "box outside the image"
#define REJECT_CATEGORY "unknown category"
#define REJECT_MASK "mask does not fit the image"
#define REJECT_SEGMENT "segment without pixels"
#define REJECT_NO_LABEL_MAP "label map missing"
#define REJECT_LABEL_MAP "label map cannot be used"
#define REJECT_MEMBER "file of the archive cannot be used"
#define REJECT_ORPHAN "annotation of an unknown image"

/* One record under way. */
struct dataset_record {
	int64_t index;	/* of the image in the data set; set before dataset_fetch() */
	struct arena arena;	/* what belongs to this record; reset by dataset_fetch() */
	struct stream_body fetched;	/* packs and streams: the record as it was stored */
	void *item;	/* other kinds: what fetch() leaves for load() */
	struct sample sample;	/* seq and epoch are the caller's to set */
	int64_t n_objects;	/* that the source has for this record */
	const char *reject;	/* NULL, or why the whole record cannot be used */
	const char *detail;	/* more about it: the file's name or the reader's message; may be NULL */
	int64_t n_rejects;
	struct dataset_reject *rejects;	/* in the order of the objects */
	int source;	/* merged data sets: which of them; set by dataset_fetch() */
	bool deselected;	/* the whole record: its class is left out */
	int64_t n_deselected;	/* objects that are not in the sample because their classes are left out */
	int64_t n_clipped;	/* boxes that stuck out of the image and were cut */
};

struct dataset {
	const struct dataset_kind *kind;
	struct dataset_options options;
	struct arena arena;	/* of the index */
	const char *path;	/* as it was given */
	const char *name;	/* of the data set: the samples' source; never a path */
	int n_categories;
	struct category *categories;
	const struct stream_header *header;	/* of a pack or stream; NULL otherwise */
	int n_about;
	struct about *about;	/* what it says of itself, and of what it was made from */
	int n_too_long;	/* members of a file that are not in `about` because a header has no room for them */
	int64_t n;	/* images; -1: a stream, read once from front to end */
	uint64_t key;	/* of what the index does not tell of merged data sets: names, changed labels; 0: nothing */
	uint64_t *id_hash;	/* [n] pack_id_hash_...() of the ids */
	int64_t *n_objects;	/* [n] */
	int64_t n_orphans;	/* objects that belong to no image */
	struct dataset_orphan *orphans;	/* [n_orphans] */
	int n_sources;	/* merged: how many; 0: it is none */
	int64_t n_passed_over;	/* files of a directory that are not named as images are */
	void *state;	/* the kind's */
};

struct dataset_orphan {
	int64_t object_id;
	struct sample_id image_id;
};

enum {
	DATASET_TAKES_IMAGES = 1, DATASET_TAKES_LABELS = 2, DATASET_TAKES_RESULTS = 4, DATASET_TAKES_SET = 8, DATASET_TAKES_CLASSES = 16,
};

struct dataset_kind {
	const char *name;	/* for --format */
	unsigned takes;	/* DATASET_TAKES_...: the options that mean something to it; the others are errors */
	/*
	 * How sure it is that path is of this kind: 0 no, 1 if nobody else wants it, 2 yes, 3 yes although it looks like something
	 * more general, too. "-" is stdin.
	 */
	int (*detect)(const char *path, const struct dataset_options *options);
	int (*open)(struct dataset *d, const char *path) MUST_CHECK;
	/* What must be read in order, one call at a time; NULL: nothing. 1 = there is a record, 0 = end, -1 = error. */
	int (*fetch)(struct dataset *d, struct dataset_record *r);
	/* Image `index` will be loaded in a while (first), soon (then): what helps may be done; NULL: nothing. */
	void (*expect)(const struct dataset *d, int64_t index, bool soon);
	int (*load)(const struct dataset *d, struct dataset_record *r) MUST_CHECK;
	/* Of load() what concerns labels and class_label, iscrowd and ignore, without the image; NULL: load() does it. */
	int (*classes)(const struct dataset *d, struct dataset_record *r);
	void (*close)(struct dataset *d);
};

/* All kinds, made by the build; ends with NULL. */
extern const struct dataset_kind *const dataset_kinds[];

/* Error: what no data could make sense of: a list of classes with an empty name, or one twice. */
int dataset_check_options(const struct dataset_options *options) MUST_CHECK;

/*
 * Open whatever path is. Error: that of dataset_check_options(); it cannot be read or is malformed; it is of no known kind; it holds no
 * images; an id is there twice; none of the image files exists.
 */
int dataset_open(struct dataset *d, const char *path, const struct dataset_options *options) MUST_CHECK;

void dataset_record_init(struct dataset_record *r);
void dataset_record_release(struct dataset_record *r);

/* Prepare r->index. 1 = go on with dataset_load(), 0 = end of the stream, -1 = error. */
int dataset_fetch(struct dataset *d, struct dataset_record *r) MUST_CHECK;

/* Fill the rest of r. Error: memory, or the source is damaged. */
int dataset_load(const struct dataset *d, struct dataset_record *r) MUST_CHECK;

/* After dataset_fetch(): labels, class_label, iscrowd and ignore as annotated, whatever becomes of the image. Error: that of load. */
int dataset_classes(const struct dataset *d, struct dataset_record *r) MUST_CHECK;

/* One number for what the index holds: ids and object counts, in order. 0 for a stream. */
uint64_t dataset_fingerprint(const struct dataset *d);

void dataset_close(struct dataset *d);

/* For the kinds: the last part of a path without ".json" and the like, in the data set's arena. */
const char *dataset_base_name(struct dataset *d, const char *path, const char *suffix);

/* The same of a directory, with "-SET" when there is a --set. */
const char *dataset_part_name(struct dataset *d, const char *path);

#endif
