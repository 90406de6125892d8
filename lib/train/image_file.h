/*
 * image_file: a plain image file as a sample without labels.
 */
#ifndef TRAIN_IMAGE_FILE_H
#define TRAIN_IMAGE_FILE_H

#include "record/sample.h"

/* Whether a name ends in .jpg, .jpeg or .png, in small or capital letters. */
bool image_file_is_named(const char *name);

/*
 * Read the file into s as it is; only its head is looked at, for size and EXIF orientation. The id is `number`, from
 * 1, and seq is number - 1. Bytes live in the arena; the name is the caller's.
 * Error: cannot read; not an image.
 */
int image_file_read(struct sample *s, const char *path, int64_t number, struct arena *a) MUST_CHECK;

/* The same of a file's bytes, with no id and seq yet. path becomes the name; it is the caller's, as the bytes are. */
int image_file_sample(struct sample *s, const uint8_t *bytes, size_t size, const char *path) MUST_CHECK;

#endif
