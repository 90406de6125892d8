/*
 * codec: JPEG and PNG files in memory to u8 RGB and back.
 *
 * JPEG can be decoded at 1/2, 1/4 and 1/8 of its size for a fraction of the work, and only
 * around the part that is wanted. What is inside that part is the same, byte for byte, as in
 * the decoded whole.
 *
 * Colour: grey is repeated into three channels; CMYK and YCCK become RGB by r = c*k/255 on inverted
 * inks, which is how Adobe's marker says they are stored (without the marker inks are taken as they
 * are); PNG palettes are looked up, 16 bits are cut to the upper 8, and alpha is dropped, so a
 * transparent pixel has the colour that the file stores for it.
 *
 * Whatever the codec libraries only warn about, such as a file that ends too early, is an
 * error here, except for what does not touch pixels (unknown JFIF versions, bytes between segments).
 */
#ifndef IMAGE_CODEC_H
#define IMAGE_CODEC_H

#include "base/arena.h"
#include "base/error.h"
#include "image/probe.h"
#include "tensor/tensor.h"

#include <stddef.h>

/* Pixels x..x+w, y..y+h. */
struct image_rect {
	int x, y, w, h;
};

/* A piece of an image: pixel 0, 0 of rgb is pixel x, y of the whole. */
struct image_tile {
	struct tensor rgb;	/* u8 [h w 3] */
	int x, y;
};

/* Pixels along a side after reduction by 1, 2, 4 or 8: side/reduction rounded up. */
int image_reduced(int side, int reduction);

/*
 * Decode the part `want` of the image reduced by `reduction` (PNG: 1 only). The tile covers at least
 * `want`; its pixels outside of `want` may differ from those of the whole image. NULL: all.
 * info is what image_probe() said of the same bytes. Memory comes from the arena.
 * Error: damaged or cut short; 12-bit or lossless JPEG; want outside the image.
 */
int image_decode(struct image_tile *tile, const struct image_info *info, const void *bytes, size_t size,
		 const struct image_rect *want, int reduction, struct arena *a) MUST_CHECK;

/* As image_decode(), of one format each. */
int jpeg_decode(struct image_tile *tile, const struct image_info *info, const void *bytes, size_t size,
		const struct image_rect *want, int reduction, struct arena *a) MUST_CHECK;
int png_decode(struct image_tile *tile, const struct image_info *info, const void *bytes, size_t size,
	       struct arena *a) MUST_CHECK;

/*
 * A label map: u8 [h w], a pixel's number in the palette or its grey value as the file stores it (those of 1, 2 and 4 bits
 * are not scaled). Error: as png_decode(); colours without a palette, transparency of grey, 16 bits.
 */
int png_decode_labels(struct tensor *labels, const struct image_info *info, const void *bytes, size_t size,
		      struct arena *a) MUST_CHECK;

/* image u8 [H W 3] as a JPEG file, 4:4:4, quality 1..100, in arena memory. */
int jpeg_encode(uint8_t **bytes, size_t *size, const struct tensor *image, int quality, struct arena *a) MUST_CHECK;

/* image u8 [H W 3], or [H W] grey, as a PNG file in arena memory. */
int png_encode(uint8_t **bytes, size_t *size, const struct tensor *image, struct arena *a) MUST_CHECK;

#endif
