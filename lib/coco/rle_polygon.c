#include "coco/rle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SCALE = 5 };	/* steps a pixel in which the outline is traced */

/* Corners in steps, and where the outline crosses the middles of columns. */
struct outline {
	int32_t h, w;
	int64_t n, room;
	uint32_t *at;	/* x * h + y of each crossing */
};

/* Rounded towards zero from half a step up, as the reference does: -0.9 becomes 0. */
static int32_t round_step(double x)
{
	return (int32_t)(x + .5);
}

/* An edge walked along its longer side, one step at a time; the other side follows. */
struct edge {
	int32_t major, minor;	/* start; along x and y, or y and x */
	int32_t length;	/* steps along the longer side */
	double slope;
};

static int32_t minor_at(const struct edge *e, int32_t t)
{
	return round_step(e->minor + e->slope * t);
}

/* A crossing of column x; y is the upper of the outline's two places beside it, in steps. */
static void put_crossing(struct outline *o, int32_t x, int32_t y)
{
	/* The first row whose middle is not above y, within the image. */
	int64_t row = y > 2 ? ((int64_t)y - 2 + SCALE - 1) / SCALE : 0;
	o->at[o->n++] = (uint32_t)((int64_t)x * o->h + (row < o->h ? row : o->h));
}

/* The columns whose middle lies between steps a and b, a < b: [*first, *last], cut to the image. */
static void columns_between(const struct outline *o, int32_t a, int32_t b, int32_t *first, int32_t *last)
{
	/* Column x has its middle between the steps 5x + 2 and 5x + 3. */
	*first = a <= 2 ? 0 : (int32_t)(((int64_t)a - 2 + SCALE - 1) / SCALE);
	*last = b < 3 ? -1 : (b - 3) / SCALE;
	if (*last >= o->w)
		*last = o->w - 1;
}

/* Longer in x: every step of x is a place of its own. */
static void cross_flat(struct outline *o, const struct edge *e)
{
	int32_t first, last;
	columns_between(o, e->major, e->major + e->length, &first, &last);
	for (int32_t x = first; x <= last; x++) {
		int32_t t = SCALE * x + 2 - e->major;
		int32_t before = minor_at(e, t), behind = minor_at(e, t + 1);
		put_crossing(o, x, before < behind ? before : behind);
	}
}

/* Longer in y: find the step of y behind which x passes the middle of the column. */
static void cross_steep(struct outline *o, const struct edge *e)
{
	int32_t from = minor_at(e, 0), to = minor_at(e, e->length), first, last;
	bool rising = from < to;
	columns_between(o, rising ? from : to, rising ? to : from, &first, &last);
	for (int32_t x = first; x <= last; x++) {
		int32_t middle = SCALE * x + 2;
		double guess = floor((middle + .5 - e->minor) / e->slope);
		int32_t t = guess < 0 ? 0 : guess >= e->length ? e->length - 1 : (int32_t)guess;
		while (t > 0 && (minor_at(e, t) > middle) == rising)
			t--;
		while (t < e->length - 1 && (minor_at(e, t + 1) > middle) != rising)
			t++;
		put_crossing(o, x, e->major + t);
	}
}

static void cross(struct outline *o, const int32_t from[2], const int32_t to[2])
{
	int32_t dx = abs(to[0] - from[0]), dy = abs(to[1] - from[1]);
	int major = dx >= dy ? 0 : 1;
	/* Walked upwards whichever way the polygon runs: both ways give the same places. */
	const int32_t *low = from[major] <= to[major] ? from : to, *high = low == from ? to : from;
	struct edge e = { .major = low[major], .minor = low[1 - major], .length = major == 0 ? dx : dy };
	if (from[0] == to[0])
		return;
	e.slope = (double)(high[1 - major] - low[1 - major]) / e.length;
	if (major == 0)
		cross_flat(o, &e);
	else
		cross_steep(o, &e);
}

/* Most polygons have two crossings a column: sorted by column first, then what little is left. */
static int sort_crossings(struct outline *o, struct arena *a)
{
	uint32_t *sorted = arena_alloc(a, (size_t)(o->n + 1) * sizeof *sorted);
	uint32_t *count = arena_calloc(a, (size_t)o->w + 2, sizeof *count);
	if (sorted == NULL || count == NULL)
		return -1;
	/* A crossing at the bottom of a column is at the top of the next: both have the same place. */
	for (int64_t i = 0; i < o->n; i++)
		count[o->at[i] / (uint32_t)o->h + 1]++;
	for (int32_t x = 0; x <= o->w; x++)
		count[x + 1] += count[x];
	for (int64_t i = 0; i < o->n; i++)
		sorted[count[o->at[i] / (uint32_t)o->h]++] = o->at[i];
	for (int64_t i = 1; i < o->n; i++) {
		uint32_t v = sorted[i];
		int64_t k = i;
		for (; k > 0 && sorted[k - 1] > v; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = v;
	}
	o->at = sorted;
	return 0;
}

/* The differences of sorted places; two crossings at one place cancel out. */
static void runs_from_crossings(struct rle *out, struct outline *o)
{
	uint32_t *places = o->at, size = (uint32_t)o->h * (uint32_t)o->w, start = 0;
	int64_t n = 0, kept = 0;
	for (int64_t i = 0; i < o->n; i++) {
		if (n > 0 && places[n - 1] == places[i])
			n--;
		else
			places[n++] = places[i];
	}
	if (n == 0 || places[n - 1] != size)
		places[n++] = size;
	for (int64_t i = 0; i < n; i++) {
		uint32_t place = places[i];
		places[kept++] = place - start;
		start = place;
	}
	*out = (struct rle){ .h = o->h, .w = o->w, .n = kept, .runs = places };
}

/* Corners [n + 1 2] in steps, the first again at the end. */
static int32_t *round_corners(const double *xy, int64_t n, struct arena *a)
{
	int32_t *corner = arena_alloc(a, (size_t)(2 * n + 2) * sizeof *corner);
	if (corner == NULL)
		return NULL;
	for (int64_t i = 0; i < 2 * n; i++) {
		if (!(fabs(xy[i]) <= 1e8))
			return err_null("a polygon has the coordinate %g", xy[i]);
		corner[i] = round_step(SCALE * xy[i]);
	}
	memcpy(&corner[2 * n], corner, 2 * sizeof *corner);
	return corner;
}

static int64_t most_crossings(const int32_t *corner, int64_t n, int32_t w)
{
	int64_t most = 0;
	for (int64_t i = 0; i < n; i++) {
		int64_t columns = llabs((int64_t)corner[2 * i + 2] - corner[2 * i]) / SCALE + 2;
		most += columns < w ? columns : w;
	}
	return most;
}

int rle_from_polygon(struct rle *out, const double *xy, int64_t n, int32_t h, int32_t w, struct arena *a)
{
	if (h < 1 || w < 1 || (int64_t)h * w > INT32_MAX)
		return err_set("an image of %d x %d pixels cannot have polygons", h, w);
	struct outline o = { .h = h, .w = w };
	int32_t *corner = round_corners(xy, n, a);
	if (corner == NULL)
		return -1;
	o.at = arena_alloc(a, (size_t)(most_crossings(corner, n, w) + 1) * sizeof *o.at);
	if (o.at == NULL)
		return -1;
	for (int64_t i = 0; i < n; i++)
		cross(&o, &corner[2 * i], &corner[2 * i + 2]);
	TRY(sort_crossings(&o, a));
	runs_from_crossings(out, &o);
	return 0;
}
