/*
 * rle_warp: run-length masks moved by an affine map (image/affine.h: continuous coordinates, the pixel i covers
 * i..i+1 and has its centre at i + 0.5).
 *
 *     struct rle_edges edges;
 *     struct rle moved;
 *     rle_edges_make(&edges, &mask);
 *     TRY(rle_warp(&moved, &edges, m, &(struct rle_frame){ .h = 640, .w = 640, .valid_h = 480, .valid_w = 640 }, arena));
 */
#ifndef COCO_RLE_WARP_H
#define COCO_RLE_WARP_H

#include "coco/rle.h"
#include "image/convex.h"

/* A canvas, and the part of it from its top left that is image; pixels. */
struct rle_frame {
	int32_t h, w;
	int32_t valid_h, valid_w;
	const struct convex *view;	/* what else must hold a pixel's centre for it to be inside; NULL: nothing */
};

/*
 * The mask in the frame: a pixel of the valid part is inside when its centre, taken back by the inverse of m, lies in a
 * pixel that is inside of `in`. Flips and turns by 90 degrees between frames of whole pixels are exact, everything else
 * is the nearest neighbour. Runs are in the arena, none but the first is 0.
 * Error: m has no inverse; a frame of 2^32 pixels and more; memory.
 */
int rle_warp(struct rle *out, const struct rle_edges *in, const double m[6], const struct rle_frame *frame,
	     struct arena *a) MUST_CHECK;

#endif
