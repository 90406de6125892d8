/*
 * The cover of polygons, by the signed areas their edges leave to the right of themselves in each row of pixels: every
 * edge adds to the cells it crosses, and a running sum along the row gives the cover.
 */
#include "image/synth.h"

#include <math.h>

static double clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

/*
 * An edge within one row: height `dy` (signed) between x0 <= x1 in 0..w. A cell gets the area to the right of the edge
 * that it adds; what is beyond the cell gets all of dy.
 */
static void add_span(float *row, double x0, double x1, double dy)
{
	int first = (int)floor(x0), last = (int)ceil(x1);
	if (last <= first + 1) {
		double right = first + 1 - (x0 + x1) / 2;
		row[first] += (float)(dy * right);
		row[first + 1] += (float)(dy * (1 - right));
		return;
	}
	double per_cell = dy / (x1 - x0), before = 0;
	for (int x = first; x < last; x++) {
		double from = clamp(x0, x, x + 1), to = clamp(x1, x, x + 1);
		/* All that entered left of this cell, and the part of this one, to the right of the edge. */
		double area = (from - x0) * per_cell + (to - from) * per_cell * (x + 1 - (from + to) / 2);
		row[x] += (float)(area - before);
		before = area;
	}
	row[last] += (float)(dy - before);
}

/* The same for any x0 and x1: what lies left of the cover counts in all of its cells, what lies right of it in none. */
static void add_clipped(float *row, int w, double x0, double x1, double dy)
{
	if (x0 > x1) {
		double t = x0;
		x0 = x1;
		x1 = t;
	}
	if (x0 >= w)
		return;
	if (x1 <= 0) {
		row[0] += (float)dy;
		return;
	}
	if (x0 < 0) {
		double left = dy * -x0 / (x1 - x0);
		row[0] += (float)left;
		dy -= left;
		x0 = 0;
	}
	if (x1 > w) {
		dy *= (w - x0) / (x1 - x0);
		x1 = w;
	}
	add_span(row, x0, x1, dy);
}

static void add_edge(struct synth_cover *cover, float *sums, const double *p, const double *q)
{
	double px = p[0] - cover->x, py = p[1] - cover->y, qx = q[0] - cover->x, qy = q[1] - cover->y;
	double sign = 1;
	if (py == qy)
		return;
	if (py > qy) {
		double t = px;
		px = qx;
		qx = t;
		t = py;
		py = qy;
		qy = t;
		sign = -1;
	}
	double slope = (qx - px) / (qy - py);
	double top = clamp(py, 0, cover->h), bottom = clamp(qy, 0, cover->h);
	for (int y = (int)floor(top); y < bottom; y++) {
		double y0 = top > y ? top : y, y1 = bottom < y + 1 ? bottom : y + 1;
		double x0 = px + (y0 - py) * slope, x1 = px + (y1 - py) * slope;
		add_clipped(sums + (int64_t)y * (cover->w + 2), cover->w, x0, x1, sign * (y1 - y0));
	}
}

static void bounds(struct synth_cover *cover, const struct synth_loop *loops, int n_loops, int w, int h)
{
	double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
	for (int l = 0; l < n_loops; l++) {
		for (int i = 0; i < loops[l].n; i++) {
			double x = loops[l].point[2 * i], y = loops[l].point[2 * i + 1];
			x0 = x < x0 ? x : x0;
			y0 = y < y0 ? y : y0;
			x1 = x > x1 ? x : x1;
			y1 = y > y1 ? y : y1;
		}
	}
	cover->x = (int)clamp(floor(x0), 0, w);
	cover->y = (int)clamp(floor(y0), 0, h);
	cover->w = (int)clamp(ceil(x1), 0, w) - cover->x;
	cover->h = (int)clamp(ceil(y1), 0, h) - cover->y;
}

int synth_cover(struct synth_cover *cover, const struct synth_loop *loops, int n_loops, int w, int h, struct arena *a)
{
	bounds(cover, loops, n_loops, w, h);
	size_t cells = (size_t)(cover->w + 2) * (size_t)cover->h;
	float *sums = arena_calloc(a, cells, sizeof *sums);
	cover->part = arena_calloc(a, (size_t)cover->w * (size_t)cover->h, sizeof *cover->part);
	if (sums == NULL || cover->part == NULL)
		return -1;
	for (int l = 0; l < n_loops; l++)
		for (int i = 0; i < loops[l].n; i++)
			add_edge(cover, sums, &loops[l].point[2 * i], &loops[l].point[2 * ((i + 1) % loops[l].n)]);
	for (int y = 0; y < cover->h; y++) {
		float sum = 0;
		for (int x = 0; x < cover->w; x++) {
			sum += sums[(int64_t)y * (cover->w + 2) + x];
			cover->part[(int64_t)y * cover->w + x] = (float)clamp(fabs((double)sum), 0, 1);
		}
	}
	return 0;
}
