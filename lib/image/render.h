/*
 * render: from an encoded image to a window of it, turned, mirrored and resized, in one pass.
 *
 * What is wanted is described on a virtual image: the stored one, turned, then scaled to scaled_w x
 * scaled_h. Only the window x..x+w, y..y+h of it is computed. JPEGs are decoded at the smallest of
 * 1, 1/2, 1/4, 1/8 that is not smaller than the virtual image, and only where the window needs pixels.
 *
 *     struct image_source source;
 *     struct image_view view = { .turn = turn, .scaled_w = 640, .scaled_h = 480, .w = 640, .h = 480 };
 *     TRY(image_source_encoded(&source, bytes, size));
 *     TRY(image_render(&out, &source, &view, arena));
 */
#ifndef IMAGE_RENDER_H
#define IMAGE_RENDER_H

#include "base/arena.h"
#include "base/error.h"
#include "image/affine.h"
#include "image/codec.h"
#include "image/point.h"

/* An image, encoded or as pixels. Borrows what it points to. */
struct image_source {
	int w, h;	/* pixels as stored */
	struct image_info info;	/* of encoded */
	const void *encoded;	/* NULL: pixels */
	size_t encoded_size;
	struct tensor pixels;	/* u8 [H W 3]; the image is its top left w x h */
};

/* Error: as image_probe(). */
int image_source_encoded(struct image_source *source, const void *encoded, size_t size) MUST_CHECK;

/* The top left w x h of pixels u8 [H W 3]. Error: another shape or type. */
int image_source_pixels(struct image_source *source, const struct tensor *pixels, int w, int h) MUST_CHECK;

/* What is done to the stored pixels before they are resized. */
struct image_filter {
	int (*run)(void *context, const struct image_region *image, struct arena *a);
	void *context;
	bool whole;	/* run() has to see all pixels */
	bool full_scale;	/* and as they are stored, not reduced */
	int margin;	/* pixels around the ones that are wanted on which these depend */
};

struct image_view {
	struct image_turn turn;
	int scaled_w, scaled_h;	/* of the turned image */
	int x, y, w, h;	/* the window in it */
	const struct image_filter *filter;	/* NULL: none */
};

/*
 * Decode what is `wanted` of a source that is reduced by `reduction` (1 for pixels), and filter it (NULL: not).
 * Error: damaged image; what the filter says.
 */
int image_load(struct image_tile *tile, const struct image_source *source, const struct image_rect *wanted,
	       int reduction, const struct image_filter *filter, struct arena *a) MUST_CHECK;

/*
 * Fill the top left view->w x view->h pixels of out, u8 [H W 3]; the rest of out is left alone.
 * Scratch memory comes from the arena. Error: out too small, window outside, damaged image.
 */
int image_render(struct tensor *out, const struct image_source *source, const struct image_view *view,
		 struct arena *a) MUST_CHECK;

#endif
