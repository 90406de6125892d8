/*
 * image_names: the image files of one directory, or of all below it.
 */
#ifndef COCO_IMAGE_NAMES_H
#define COCO_IMAGE_NAMES_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct image_names {
	int64_t n;
	const char **name;	/* of the files that end in .jpg, .jpeg or .png, or in the suffix (in any case), in byte order */
	int64_t n_others;	/* entries that do not, hidden ones aside */
};

/* Error: the directory cannot be read; memory. */
int image_names_list(struct image_names *names, const char *directory, struct arena *a) MUST_CHECK;

/*
 * Those of the directories inside as well, as "inside/name.jpg"; hidden ones aside, links to directories followed.
 * Error: as above, for any of them; a directory that is inside itself.
 */
int image_names_walk(struct image_names *names, const char *directory, struct arena *a) MUST_CHECK;

/* The same of the files that end in suffix, in any case. */
int file_names_list(struct image_names *names, const char *directory, const char *suffix, struct arena *a) MUST_CHECK;
int file_names_walk(struct image_names *names, const char *directory, const char *suffix, struct arena *a) MUST_CHECK;

/* Whether name ends in .jpg, .jpeg or .png, in any case. */
bool image_name_is(const char *name);

/* The name without its last ".suffix", in the arena; NULL: memory. */
const char *image_name_stem(const char *name, struct arena *a) MUST_CHECK;

/* Whether path/inside is a directory. */
bool directory_has(const char *path, const char *inside);

#endif
