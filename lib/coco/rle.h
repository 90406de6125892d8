/*
 * rle: run-length masks as COCO writes them.
 *
 * Runs alternate between outside and inside, starting with outside, down the columns. The compressed
 * text holds each run in groups of 5 bits, low ones first, as characters from '0' on: bit 5 says that more
 * follow, bit 4 of the last group is the sign; from the fourth run on it is the difference to the run
 * two before.
 *
 *     struct rle m = { .h = h, .w = w, .runs = arena_alloc(&a, strlen(text) * sizeof *m.runs) };
 *     TRY(rle_expand(&m, text));
 *     printf("%u pixels\n", rle_area(&m));
 *
 * Source: the COCO API's description of its mask format, and the behaviour of its public code.
 */
#ifndef COCO_RLE_H
#define COCO_RLE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* The runs sum up to h * w, which is below 2^32. Runs of 0 are legal. */
struct rle {
	int32_t h, w;	/* pixels */
	int64_t n;
	uint32_t *runs;	/* [n] */
};

/* The text of n runs, in arena memory. NULL: out of memory. */
char *rle_compress(const uint32_t *runs, int64_t n, struct arena *a) MUST_CHECK;

/* True when the text is well-formed and its runs sum up to h x w. */
bool rle_covers(const char *text, int64_t h, int64_t w);

/*
 * The runs of a compressed text for a mask of m->h x m->w into m->runs, which has room for as many as the text has characters.
 * Error: what rle_covers() refuses, and sizes of 2^32 pixels and more; says which.
 */
int rle_expand(struct rle *m, const char *text) MUST_CHECK;

/* Error: the runs do not sum up to h x w; says what they sum up to. */
int rle_check(const struct rle *m) MUST_CHECK;

/* Pixels inside. */
uint32_t rle_area(const struct rle *m);

/*
 * x y w h of what is inside; zeros when the mask has fewer than two runs. Where a run spans columns the box has their
 * whole height. As in pycocotools an empty run counts as a place of its own, so with runs of 0 behind the first, or at
 * the end, the box may be larger than what is inside.
 */
void rle_box(double box[4], const struct rle *m);

/* The union of n >= 1 masks of one size; no run of the result but the first is 0 when that holds for all of them. */
int rle_union(struct rle *out, const struct rle *parts, int64_t n, struct arena *a) MUST_CHECK;

/*
 * What lies inside a closed polygon, as pycocotools draws it: corners are rounded to fifths of a pixel, the outline is
 * traced there, and a column's runs change where the outline crosses the column's middle. Pixels outside the
 * image are cut off. Fewer than three points, or points on a line, give nothing or almost nothing.
 *   xy  [n 2]
 * Error: a coordinate beyond 1e8; an image of 2^31 pixels and more; memory.
 */
int rle_from_polygon(struct rle *out, const double *xy, int64_t n, int32_t h, int32_t w, struct arena *a) MUST_CHECK;

/* A mask made ready for comparing: where its runs end, with what is asked for again and again. */
struct rle_edges {
	int32_t h, w;
	int64_t n;
	const uint32_t *end;	/* [n] pixels from the mask's start */
	uint32_t area;
	bool has_empty_runs;	/* behind the first */
	double box[4];
};

/* Room in the place of m's runs becomes edges' end: m is used up. */
void rle_edges_make(struct rle_edges *edges, struct rle *m);

/*
 * The pixels of m that are no more than d >= 1 pixels, counted along the worse of the two axes, from a pixel outside of it;
 * what is outside of the image counts as outside. out's runs are in the arena; no run but the first is 0. Error: memory.
 * Source: Cheng et al., "Boundary IoU: Improving Object-Centric Image Segmentation Evaluation", CVPR 2021, section 4.
 */
int rle_boundary(struct rle *out, const struct rle_edges *m, int d, struct arena *a) MUST_CHECK;

/*
 * Intersection over union, or over the area of dt when gt is a crowd; -1 when the sizes differ and the boxes meet.
 * Where both masks have an empty run at the same place pycocotools looks no further, and neither does this.
 */
double rle_overlap(const struct rle_edges *dt, const struct rle_edges *gt, bool crowd);

#endif
