/*
 * mask_extent: the box around what can be seen of a mask in a window 0..w x 0..h, without cutting or drawing the mask.
 *
 *     struct mask_extent e = mask_extent_begin(w, h);
 *     mask_extent_polygon(&e, xy, n);
 *     if (mask_extent_box(box, &e))
 *             ...
 */
#ifndef COCO_MASK_EXTENT_H
#define COCO_MASK_EXTENT_H

#include "coco/rle.h"

struct mask_extent {
	double w, h;	/* of the window */
	double x0, y0, x1, y1;	/* of what was seen; x0 > x1 when that is nothing */
};

struct mask_extent mask_extent_begin(double w, double h);

/*
 * Add a closed polygon xy [n 2] of the window's frame. Exact for any polygon: what is seen of it ends at a corner of
 * the polygon, where an edge crosses the window's border, or in a corner of the window that lies inside (even-odd).
 */
void mask_extent_polygon(struct mask_extent *e, const double *xy, int64_t n);

/* Add every pixel inside of m, a unit square moved by the map to the window's frame. */
void mask_extent_rle(struct mask_extent *e, const struct rle_edges *mask, const double m[6]);

/* x0 y0 x1 y1 within the window; false, and box untouched, when what was seen has no area. */
bool mask_extent_box(double box[4], const struct mask_extent *e);

#endif
