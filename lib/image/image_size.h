/*
 * image_size: the size of an image or canvas as people write it.
 */
#ifndef IMAGE_IMAGE_SIZE_H
#define IMAGE_IMAGE_SIZE_H

#include "base/error.h"

#include <stdbool.h>

/*
 * "640" or "320x240" (width x height), in pixels; a single number sets both and *square.
 * Error: another form; a side that is not 1 to 65535.
 */
int image_size_parse(const char *text, int *w, int *h, bool *square) MUST_CHECK;

#endif
