/*
 * convex: a convex area of the plane, such as what is left of a rectangle that was moved and cut a few times.
 *
 *     struct convex c;
 *     TRY(convex_rectangle(&c, 640, 480, arena));
 *     TRY(convex_cut(&c, m, 300, 200, arena));      // and within 0..300 x 0..200, moved by m
 *     if (convex_holds(&c, x, y))
 *             ...
 */
#ifndef IMAGE_CONVEX_H
#define IMAGE_CONVEX_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Borders belong to it. Its memory is the arena's. */
struct convex {
	int64_t n;	/* corners; 0: nothing is left */
	double *corner;	/* [n 2], one after the other around the area */
	int n_sides;
	double (*side)[3];	/* a point is inside of a side when side[0] * x + side[1] * y <= side[2] */
	double box[4];	/* x0 y0 x1 y1 around it */
};

/* 0..w x 0..h. Error: memory. */
int convex_rectangle(struct convex *c, double w, double h, struct arena *a) MUST_CHECK;

/* What of c also lies in the rectangle 0..w x 0..h moved by m, which has an inverse. Error: memory. */
int convex_cut(struct convex *c, const double m[6], double w, double h, struct arena *a) MUST_CHECK;

bool convex_holds(const struct convex *c, double x, double y);

/* The part *low..*high of the line x = at (column true) or y = at that is in c; *low > *high: none. */
void convex_span(double *low, double *high, const struct convex *c, bool column, double at);

/*
 * What of a polygon xy [n 2] is in c, into *out [*n_out 2]: side by side. Of a polygon that is not convex parts may stay joined
 * by lines without area along c's border. Error: memory.
 * Source: Sutherland and Hodgman, "Reentrant Polygon Clipping", CACM 17 (1974).
 */
int convex_clip(double **out, int64_t *n_out, const struct convex *c, const double *xy, int64_t n, struct arena *a)
	MUST_CHECK;

#endif
