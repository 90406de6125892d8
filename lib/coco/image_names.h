/*
 * image_names: the image files of one directory.
 */
#ifndef COCO_IMAGE_NAMES_H
#define COCO_IMAGE_NAMES_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

struct image_names {
	int64_t n;
	const char **name;	/* of the files that end in .jpg, .jpeg or .png (in any case), in byte order */
	int64_t n_others;	/* entries that do not, hidden ones aside */
	int64_t n_directories;	/* among the others */
};

/* Error: the directory cannot be read; memory. */
int image_names_list(struct image_names *names, const char *directory, struct arena *a) MUST_CHECK;

#endif
