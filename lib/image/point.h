/*
 * point: changes of colour that do not move anything, and what they need to know of an image.
 *
 *     struct image_region image = image_region_of(&pixels);
 *     struct image_change change = { .kind = IMAGE_TABLE };
 *     for (int c = 0; c < 3; c++)
 *             for (int v = 0; v < 256; v++)
 *                     change.table[c][v] = 255 - v;
 *     TRY(image_change_apply(&change, &image, arena));
 */
#ifndef IMAGE_POINT_H
#define IMAGE_POINT_H

#include "base/arena.h"
#include "base/error.h"
#include "tensor/tensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pixels of an image or of a part of it, to be changed in place. Borrows. */
struct image_region {
	uint8_t *rgb;
	size_t stride;	/* bytes from row to row */
	int w, h;
};

/* All of u8 [H W 3]. */
struct image_region image_region_of(const struct tensor *pixels);

enum image_change_kind {
	IMAGE_TABLE,	/* every channel by its own table */
	IMAGE_SATURATE,	/* from the grey image (luma) towards this one and beyond, by factor */
	IMAGE_HUE,	/* hues turned by factor of the circle (HSV) */
	IMAGE_BLUR,	/* Gaussian of factor pixels, about as wide as a tenth of the image's height; mirrored at the border */
	IMAGE_SHARPEN,	/* from the smooth image (3 x 3: 1 around 5, of 13) towards this one; not its border of one pixel */
};

struct image_change {
	enum image_change_kind kind;
	bool tensorflow;	/* luma and smoothing cut to whole numbers as TensorFlow does, not rounded as Pillow does */
	float factor;
	uint8_t table[3][256];
};

/* Change all pixels in place. Error: memory. */
int image_change_apply(const struct image_change *change, const struct image_region *image, struct arena *a) MUST_CHECK;

/* The table that does `first`, then `then`; both are tables. first may be the same struct as out. */
void image_change_join(struct image_change *out, const struct image_change *first, const struct image_change *then);

struct image_stats {
	int64_t pixels;
	uint32_t count[3][256];	/* pixels of each value, per channel */
	double luma;	/* mean */
};

/* How many pixels have each value, per channel, after they were looked up in table (NULL: as they are). */
void image_histogram(uint32_t count[3][256], const struct image_region *image, const uint8_t table[3][256]);

/* The mean of all image_luma(), after pixels were looked up in table (NULL: as they are). */
double image_mean_luma(const struct image_region *image, const uint8_t table[3][256]);

/* a + factor * (b - a), cut to 0..255 and to whole numbers. In single precision, as Pillow and TensorFlow do. */
uint8_t image_blend(int a, int b, float factor);

/* Luma of a pixel as Pillow's mode "L" has it (ITU-R 601, 16 bits). */
int image_luma(const uint8_t rgb[3]);

#endif
