/*
 * torch_read: what the files torch_file.c, torch_storage.c and torch_walk.c share, and nobody else uses.
 */
#ifndef WEIGHTS_TORCH_READ_H
#define WEIGHTS_TORCH_READ_H

#include "stream/safetensors.h"
#include "weights/pickle.h"

/* The elements of a storage. */
struct torch_blob {
	const struct pickle_storage *storage;
	const uint8_t *data;	/* NULL: not found yet */
};

/* All storages of a file, each once, in order of their keys. */
struct torch_blobs {
	const char *path;
	int n;
	struct torch_blob *blobs;
};

/* Error: two uses of a storage that disagree about its type or size. */
int torch_blobs_collect(struct torch_blobs *b, const struct pickle *p, const char *path, struct arena *a) MUST_CHECK;

/* NULL when there is none with that key. */
struct torch_blob *torch_blobs_find(const struct torch_blobs *b, const char *key, size_t key_size);

/*
 * Give s its tensors, which are views of the blobs where that is possible, and its metadata. file_size and pickle_size
 * bound what is made of them.
 */
int torch_walk(struct safetensors *s, const struct pickle_value *root, const struct torch_blobs *blobs, size_t file_size,
	       size_t pickle_size) MUST_CHECK;

#endif
