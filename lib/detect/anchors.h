/*
 * anchors: the boxes that a dense detector's outputs are relative to.
 *
 * A level is one feature map of the pyramid, first the finest. Its anchors lie
 * location by location (row-major), ANCHORS_PER_CELL of them at each, so that anchor
 * (y*W + x)*A + a of a level belongs to the channels a*K .. a*K+K-1 of pixel (y, x)
 * in a map [N H W A*K]. All images of a batch share the anchors: they depend on the
 * padded batch size alone.
 *
 * The coordinates are four arrays (not rows of four), because matching runs over
 * one of them at a time. They belong to the arena given to anchors_generate().
 *
 *     struct anchors a;
 *     struct anchor_param p = { .kind = ANCHOR_ROUNDED, .base_size = 32 };
 *     TRY(anchors_generate(&a, &p, 5, grid, (struct detect_size){ 512, 512 }, &arena));
 */
#ifndef DETECT_ANCHORS_H
#define DETECT_ANCHORS_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

enum { DETECT_MAX_LEVELS = 8, ANCHORS_PER_CELL = 9 };

/* Of an image or of a feature map, in its own pixels. */
struct detect_size {
	int64_t h, w;
};

/*
 * ANCHOR_ROUNDED: torchvision's. Sizes s, int(s 2^(1/3)), int(s 2^(2/3)) with s = base_size 2^level;
 *   height/width .5, 1, 2 as the slow index, size as the fast one; corners rounded to whole
 *   pixels, half to even; centred on the cells' top left corners; stride = image / grid, rounded down.
 * ANCHOR_CENTRED: the TPU detection code's. Sizes s 2^(o/3), o = 0, 1, 2 as the slow index,
 *   width/height 1, 2, .5 as the fast one; nothing rounded; centres (i + .5) stride, stride 8 2^level.
 */
enum anchor_kind { ANCHOR_ROUNDED, ANCHOR_CENTRED };

struct anchor_param {
	enum anchor_kind kind;
	int base_size;	/* pixels: the smallest anchor's side at the first level (stride 8); usually 32 */
};

struct anchors {
	int n_levels;
	struct detect_size grid[DETECT_MAX_LEVELS];
	int64_t first[DETECT_MAX_LEVELS + 1];	/* level l holds the anchors first[l] .. first[l+1]-1 */
	int64_t n;	/* all levels together */
	float *x0, *y0, *x1, *y1;	/* [n] pixels of the batch; may lie outside of it */
};

/*
 * Anchors for n_levels maps of the sizes grid[l] over a batch whose images have that size (padding included).
 * Error: memory; no level or too many; an empty grid; base_size < 1; a grid finer than the image.
 * Source: Lin et al., Focal Loss for Dense Object Detection, section 4.
 */
int anchors_generate(struct anchors *a, const struct anchor_param *p, int n_levels,
		     const struct detect_size *grid, struct detect_size image, struct arena *arena) MUST_CHECK;

/* Anchor i as x0 y0 x1 y1. */
static inline void anchors_get(float box[4], const struct anchors *a, int64_t i)
{
	box[0] = a->x0[i];
	box[1] = a->y0[i];
	box[2] = a->x1[i];
	box[3] = a->y1[i];
}

#endif
