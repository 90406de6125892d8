/*
 * tar_source: what an archive is while it is open as a data set: an index of all samples, or a stream of them.
 */
#ifndef COCO_TAR_SOURCE_H
#define COCO_TAR_SOURCE_H

#include "coco/tar_sample.h"

#define TAR_CATEGORIES "__cocopipe__/categories.json"

/* The table comes first: image_table_close() takes the state for it. */
struct tar {
	struct image_table table;	/* of an index */
	struct tar_reader reader;
	struct tar_sample *samples;	/* [table.n_images] of an index, on the heap */
	int64_t n, room;
	struct id_map by_category;	/* of a stream: id to label */
	struct tar_member pending;	/* of a stream: read already, of the next sample; name NULL: none */
	struct arena scratch;	/* its name */
	const uint8_t *categories;	/* of the archive, as they stand there; NULL: none */
	int64_t categories_size;
};

/*
 * What the archive says of its classes, into d while it is opened, with its own arena. A second time, as in archives that were put
 * together, it must say the same; in another arena, while samples are under way, nothing else can be taken.
 */
int tar_take_categories(struct dataset *d, struct tar *t, const struct tar_member *m, struct arena *a) MUST_CHECK;

/* A sample without files. */
struct tar_sample tar_sample_start(const char *key);

/* One more file of the sample; a second one of a kind makes it a reject. */
void tar_sample_add(struct tar_sample *s, int kind, const struct tar_member *m);

/* The beginning of a stream: its classes, and the first file of a sample. Error: as tar_reader_next(); no samples. */
int tar_stream_open(struct dataset *d, struct tar *t) MUST_CHECK;

/* dataset_kind.fetch of a stream: all files of the next key, in r->item. */
int tar_stream_fetch(struct dataset *d, struct dataset_record *r);

/* dataset_kind.load of what that has left. Error: memory; a class, but none are known. */
int tar_stream_load(const struct dataset *d, struct dataset_record *r) MUST_CHECK;

#endif
