/*
 * mask_extent: the box around what can be seen of a mask in a convex area, the view, without cutting or drawing the mask.
 *
 *     struct mask_extent e = mask_extent_begin(&view);
 *     mask_extent_polygon(&e, xy, n);
 *     if (mask_extent_box(box, &e))
 *             ...
 */
#ifndef COCO_MASK_EXTENT_H
#define COCO_MASK_EXTENT_H

#include "coco/rle.h"
#include "image/convex.h"

struct mask_extent {
	const struct convex *view;
	double x0, y0, x1, y1;	/* of what was seen; x0 > x1 when that is nothing */
};

struct mask_extent mask_extent_begin(const struct convex *view);

/*
 * Add a closed polygon xy [n 2] of the view's frame. Exact for any polygon: what is seen of it ends at a corner of
 * the polygon, where an edge crosses the view's border, or in a corner of the view that lies inside (even-odd).
 */
void mask_extent_polygon(struct mask_extent *e, const double *xy, int64_t n);

/* Add every pixel inside of m, a unit square moved by the map to the view's frame. */
void mask_extent_rle(struct mask_extent *e, const struct rle_edges *mask, const double m[6]);

/* x0 y0 x1 y1 within the view's box; false, and box untouched, when what was seen has no area. */
bool mask_extent_box(double box[4], const struct mask_extent *e);

#endif
