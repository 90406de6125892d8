/*
 * safetensors: named tensors in a file that any framework can read.
 *
 *     u64 little-endian: bytes of the header
 *     header: JSON { "__metadata__": { text: text }, name: { "dtype", "shape", "data_offsets" } }
 *     data
 *
 * Files written here carry the XXH3-64 of the data in the metadata key "xxh3", checked when a file
 * that has one is opened. Files of others may lack it.
 *
 *     struct safetensors s;
 *     TRY(safetensors_open(&s, "m.safetensors"));
 *     const struct tensor *w = safetensors_find(&s, "backbone.body.conv1.weight");
 *     safetensors_close(&s);          // the tensors' data goes with it
 */
#ifndef STREAM_SAFETENSORS_H
#define STREAM_SAFETENSORS_H

#include "base/arena.h"
#include "base/error.h"
#include "tensor/stored.h"
#include "tensor/tensor.h"

struct safetensors_item {
	const char *name;
	struct tensor tensor;
	const struct stored_dtype *stored;	/* what it was in the file; not needed to write */
};

struct safetensors_meta {
	const char *key;
	const char *value;
};

struct safetensors {
	struct arena arena;
	const char *path;
	int n_items;
	struct safetensors_item *items;	/* in the order of their names */
	int n_meta;
	struct safetensors_meta *meta;
};

/* Error: cannot read; not of this format; offsets outside the file; sizes that do not fit; wrong hash. */
int safetensors_open(struct safetensors *s, const char *path) MUST_CHECK;

/*
 * The same for bytes in the memory of s->arena, which s->path names in messages; the rest of s is cleared. On error
 * the caller closes.
 */
int safetensors_read(struct safetensors *s, uint8_t *bytes, size_t size) MUST_CHECK;

/* For who fills the items in another way: bring them into order. Error: two of one name. */
int safetensors_sort(struct safetensors *s) MUST_CHECK;

/* NULL when there is none of that name. */
const struct tensor *safetensors_find(const struct safetensors *s, const char *name);
const char *safetensors_find_meta(const struct safetensors *s, const char *key);

void safetensors_close(struct safetensors *s);

/*
 * Write the items in the given order, atomically. The same items and metadata give the same bytes.
 * Error: cannot write.
 */
int safetensors_write(const char *path, const struct safetensors_item *items, int n_items,
		      const struct safetensors_meta *meta, int n_meta) MUST_CHECK;

#endif
