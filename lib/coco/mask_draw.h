/*
 * mask_draw: the pixels of an object's mask, coloured, for pictures that people look at.
 *
 *     TRY(mask_draw(&image, &sample.masks[i], draw_color(label), 100, arena));
 */
#ifndef COCO_MASK_DRAW_H
#define COCO_MASK_DRAW_H

#include "base/arena.h"
#include "base/error.h"
#include "image/draw.h"
#include "record/sample.h"

/*
 * Blend c over what is inside the mask (alpha as in draw_blend()), polygons as rle_from_polygon() draws them. image u8 [H W 3] is
 * the frame of the mask. Error: malformed runs; a size that is not the image's; memory.
 */
int mask_draw(struct tensor *image, const struct sample_mask *mask, struct color c, int alpha, struct arena *a) MUST_CHECK;

#endif
