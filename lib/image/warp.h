/*
 * warp: any affine map of an image in one bilinear resampling, and painting what lies outside of it.
 *
 * Pixel centres lie at halves. A pixel of the output whose centre comes from outside of the source is left
 * alone; at the border the outermost pixels of the source go on outwards. Coordinates have 16 bits behind
 * the point and weights 8, in whole numbers, so every machine gives the same bytes.
 *
 *     TRY(image_warp(&region, &source, turn, upright_to_out, NULL, arena));
 *     image_paint_outside(&region, upright_to_out, (double[4]){ 0, 0, w, h }, grey);
 */
#ifndef IMAGE_WARP_H
#define IMAGE_WARP_H

#include "image/render.h"

/*
 * Draw the source, turned by `turn` and then moved by m, on out. JPEGs are decoded at the smallest of 1, 1/2, 1/4 and
 * 1/8 at which no step from pixel to pixel of out jumps over one of theirs; what is still more than twice too
 * large is averaged in squares first.
 * Error: damaged image; memory; what the filter says.
 */
int image_warp(const struct image_region *out, const struct image_source *source, struct image_turn turn,
	       const double m[6], const struct image_filter *filter, struct arena *a) MUST_CHECK;

/*
 * Nearest neighbour: pixel x, y of out is that of `from` at t[0] x + t[1] y + t[2], t[3] x + t[4] y + t[5], indices
 * computed in single precision and rounded, halves away from 0; outside of `from` it is rgb. Both have the same size.
 * Source: TensorFlow's ImageProjectiveTransform.
 */
void image_warp_nearest(const struct image_region *out, const struct tensor *from, const float t[6],
			const uint8_t rgb[3]);

/* The pixels whose centres lie inside (outside) of a rectangle x0 y0 x1 y1 that m has moved get a colour. */
void image_paint_inside(const struct image_region *out, const double m[6], const double rect[4],
			const uint8_t rgb[3]);
void image_paint_outside(const struct image_region *out, const double m[6], const double rect[4],
			 const uint8_t rgb[3]);

#endif
