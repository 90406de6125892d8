/*
 * resize: bilinear, of u8 RGB, only as much of it as is wanted.
 *
 * Pixel centres lie at halves: output pixel i looks at (i + 0.5) * extent/scaled in the source. When
 * shrinking, the triangle grows with the ratio (antialiasing), as in Pillow's BILINEAR and
 * torchvision's antialias=True; results agree with them within one level. Weights have 14 bits and
 * the arithmetic is integer, columns first and then along the rows, so every machine gives the same bytes.
 *
 *     struct resize_axis x, y;
 *     TRY(resize_axis_init(&x, 640, 640, 320, 0, 320, false, a));
 *     TRY(resize_axis_init(&y, 480, 480, 240, 0, 240, false, a));
 *     // needed: columns x.first .. x.end, rows y.first .. y.end of the source
 *     TRY(resize_window(out, 3 * 320, &tile, &x, &y, a));
 */
#ifndef IMAGE_RESIZE_H
#define IMAGE_RESIZE_H

#include "base/arena.h"
#include "base/error.h"
#include "image/codec.h"

#include <stdbool.h>
#include <stdint.h>

enum { RESIZE_WEIGHT_ONE = 1 << 14 };

/* Which source pixels make up each output pixel along one axis, and by how much. */
struct resize_axis {
	int n;	/* output pixels */
	int taps;	/* source pixels for each, the same number for all; some weights are 0 */
	int first, end;	/* source pixels first..end - 1 are looked at */
	int32_t *at;	/* [n] the first source pixel of each */
	int16_t *weight;	/* [n taps] they add up to RESIZE_WEIGHT_ONE */
	bool copy;	/* pixel i is source pixel first + i, nothing to compute */
};

/*
 * The part start..start+n of an axis that has `scaled` pixels in all, made from source pixels 0..source-1, of
 * which the image covers `extent` (a reduced JPEG can cover a fraction of its last pixel; otherwise extent
 * = source). mirrored: output pixel 0 is the part's last.
 * Error: memory.
 */
int resize_axis_init(struct resize_axis *axis, int source, double extent, int scaled, int start, int n, bool mirrored,
		     struct arena *a) MUST_CHECK;

/* Fill out, y.n rows of x.n RGB pixels that lie stride bytes apart, from a tile that covers what the axes need. */
int resize_window(uint8_t *out, size_t stride, const struct image_tile *tile, const struct resize_axis *x,
		  const struct resize_axis *y, struct arena *a) MUST_CHECK;

/* The whole of in, u8 [H W 3], at w x h pixels. */
int image_resize(struct tensor *out, const struct tensor *in, int w, int h, struct arena *a) MUST_CHECK;

#endif
