/*
 * rle_crop: the part of a mask around what is inside as a picture, one byte a pixel, down the columns.
 *
 *     struct rle_crop c;
 *     rle_crop_around(&c, &edges);
 *     c.inside = arena_calloc(a, (size_t)(c.w * c.h), 1);
 *     rle_crop_paint(&c, &edges);
 *     ...
 *     TRY(rle_crop_runs(&out, &c, h, w, a));
 */
#ifndef COCO_RLE_CROP_H
#define COCO_RLE_CROP_H

#include "coco/rle.h"

/* Column i and row j of the picture are column x + i and row y + j of the mask. */
struct rle_crop {
	int64_t x, y, w, h;
	uint8_t *inside;	/* [w h], 0 or 1 */
};

/* The columns and rows that runs touch; w and h are 0 when nothing is inside. `inside` is left NULL. */
void rle_crop_around(struct rle_crop *c, const struct rle_edges *m);

/* Set what is inside m, which lies within the crop, to 1. */
void rle_crop_paint(struct rle_crop *c, const struct rle_edges *m);

/* The crop as a mask of h x w pixels, which it lies in; runs in the arena, none but the first is 0. Error: memory. */
int rle_crop_runs(struct rle *out, const struct rle_crop *c, int32_t h, int32_t w, struct arena *a) MUST_CHECK;

#endif
