#include "coco/mask_extent.h"

#include "image/affine.h"

#include <math.h>

struct mask_extent mask_extent_begin(const struct convex *view)
{
	return (struct mask_extent){ .view = view, .x0 = INFINITY, .y0 = INFINITY, .x1 = -INFINITY, .y1 = -INFINITY };
}

static void add_point(struct mask_extent *e, double x, double y)
{
	const double *box = e->view->box;
	/* Rounding may have put a crossing a hair outside. */
	x = fmin(fmax(x, box[0]), box[2]);
	y = fmin(fmax(y, box[1]), box[3]);
	e->x0 = fmin(e->x0, x);
	e->y0 = fmin(e->y0, y);
	e->x1 = fmax(e->x1, x);
	e->y1 = fmax(e->y1, y);
}

/* The part of an edge that is inside of all sides. Source of the cut: Cyrus and Beck, CGIP 3 (1978). */
static void add_edge(struct mask_extent *e, const double from[2], const double to[2])
{
	double t0 = 0, t1 = 1, dx = to[0] - from[0], dy = to[1] - from[1];
	for (int i = 0; i < e->view->n_sides; i++) {
		const double *side = e->view->side[i];
		double slope = side[0] * dx + side[1] * dy, room = side[2] - side[0] * from[0] - side[1] * from[1];
		if (slope > 0)
			t1 = fmin(t1, room / slope);
		else if (slope < 0)
			t0 = fmax(t0, room / slope);
		else if (room < 0)
			return;
	}
	if (!(t0 <= t1))
		return;
	/* Ends that were not cut are taken as they are: no rounding moves them. */
	add_point(e, t0 > 0 ? from[0] + t0 * dx : from[0], t0 > 0 ? from[1] + t0 * dy : from[1]);
	add_point(e, t1 < 1 ? from[0] + t1 * dx : to[0], t1 < 1 ? from[1] + t1 * dy : to[1]);
}

static bool is_inside(const double *xy, int64_t n, double x, double y)
{
	bool inside = false;
	for (int64_t i = 0, k = n - 1; i < n; k = i++) {
		const double *a = xy + 2 * i, *b = xy + 2 * k;
		if ((a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0])
			inside = !inside;
	}
	return inside;
}

void mask_extent_polygon(struct mask_extent *e, const double *xy, int64_t n)
{
	double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
	for (int64_t i = 0; i < n; i++) {
		x0 = fmin(x0, xy[2 * i]);
		y0 = fmin(y0, xy[2 * i + 1]);
		x1 = fmax(x1, xy[2 * i]);
		y1 = fmax(y1, xy[2 * i + 1]);
	}
	const double *box = e->view->box;
	if (!(x0 < box[2] && y0 < box[3] && x1 > box[0] && y1 > box[1]))
		return;
	/* A view that holds the four corners of the box holds what is in it. */
	if (convex_holds(e->view, x0, y0) && convex_holds(e->view, x1, y1) && convex_holds(e->view, x0, y1) &&
	    convex_holds(e->view, x1, y0)) {
		add_point(e, x0, y0);
		add_point(e, x1, y1);
		return;
	}
	for (int64_t i = 0, k = n - 1; i < n; k = i++)
		add_edge(e, xy + 2 * k, xy + 2 * i);
	for (int64_t i = 0; i < e->view->n; i++) {
		const double *corner = e->view->corner + 2 * i;
		if (is_inside(xy, n, corner[0], corner[1]))
			add_point(e, corner[0], corner[1]);
	}
}

static void add_rectangle(struct mask_extent *e, const double m[6], double x0, double y0, double x1, double y1)
{
	double xy[8] = { x0, y0, x1, y0, x1, y1, x0, y1 };
	for (int i = 0; i < 4; i++)
		affine_point(m, &xy[2 * i], &xy[2 * i + 1]);
	mask_extent_polygon(e, xy, 4);
}

void mask_extent_rle(struct mask_extent *e, const struct rle_edges *mask, const double m[6])
{
	for (int64_t i = 0; i + 1 < mask->n; i += 2) {
		int64_t h = mask->h, begin = mask->end[i], end = mask->end[i + 1];
		if (begin == end)
			continue;
		int64_t first = begin / h, last = (end - 1) / h;
		double top = (double)(begin % h), bottom = (double)((end - 1) % h + 1);
		if (first == last) {
			add_rectangle(e, m, (double)first, top, (double)first + 1, bottom);
			continue;
		}
		add_rectangle(e, m, (double)first, top, (double)first + 1, (double)h);
		add_rectangle(e, m, (double)last, 0, (double)last + 1, bottom);
		if (first + 1 < last)
			add_rectangle(e, m, (double)first + 1, 0, (double)last, (double)h);
	}
}

bool mask_extent_box(double box[4], const struct mask_extent *e)
{
	if (!(e->x0 < e->x1 && e->y0 < e->y1))
		return false;
	box[0] = e->x0;
	box[1] = e->y0;
	box[2] = e->x1;
	box[3] = e->y1;
	return true;
}
