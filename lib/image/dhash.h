/*
 * dhash: 64 bits that are almost the same for almost the same images.
 *
 * The image becomes 9 x 8 mean brightnesses, and a bit says whether brightness rises from one to the next of its row. Size,
 * compression and slight changes of colour turn few bits.
 * Source: N. Krawetz, "Kind of Like That", 2013 (difference hash).
 */
#ifndef IMAGE_DHASH_H
#define IMAGE_DHASH_H

#include "base/arena.h"
#include "base/error.h"
#include "tensor/tensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DHASH_FLAT = 8 };

struct dhash {
	uint64_t bits;
	bool flat;	/* all brightnesses are within DHASH_FLAT levels, so the bits are noise */
};

/* Of the top left w x h pixels of image u8 [H W 3]. */
void dhash_pixels(struct dhash *hash, const struct tensor *image, int w, int h);

/* Of a JPEG or PNG file; a JPEG is decoded at the smallest size that has 32 pixels a side. Error: damaged; memory. */
int dhash_file(struct dhash *hash, const void *bytes, size_t size, struct arena *a) MUST_CHECK;

/* Bits that differ. */
int dhash_distance(uint64_t a, uint64_t b);

#endif
