/*
 * resize_corner: bilinear as TensorFlow 1 did it, for results that have to be the published ones.
 *
 * Output pixel i looks at i * source/scaled, corners and not centres; no averaging when shrinking; in single precision.
 * What TensorFlow leaves as float is rounded to whole numbers, halves up.
 */
#ifndef IMAGE_RESIZE_CORNER_H
#define IMAGE_RESIZE_CORNER_H

#include "image/point.h"

/* Fill out with the window at x, y of `in`, u8 [H W 3], scaled to scaled_w x scaled_h. Error: memory. */
int image_resize_corner(const struct image_region *out, const struct tensor *in, int scaled_w, int scaled_h, int x, int y,
			struct arena *a) MUST_CHECK;

#endif
