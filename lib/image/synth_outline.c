#include "image/synth.h"

#include <math.h>
#include <string.h>

/* Loops may stray this far from the middles of the pixel edges they follow. */
static const double tolerance_px = 0.6;

/* Holes smaller than this, in pixels squared, are filled. */
static const double least_hole = 1;

/* The visible pixels of one object, with a border of one pixel around their bounds. */
struct mask {
	int x, y, w, h;
	uint8_t *in;	/* [h w] */
	uint8_t *traced;	/* [h w] the edge above this pixel belongs to a loop already */
};

/* A loop as traced, with the pixel it started at, which is part of the area. */
struct trace {
	struct synth_loop loop;
	double area;	/* positive around a part, negative around a hole */
	double start[2];
};

static bool in(const struct mask *m, int x, int y)
{
	return m->in[(int64_t)y * m->w + x] != 0;
}

static int mask_make(struct mask *m, const struct synth_scene *scene, int i, struct arena *a)
{
	const int *box = scene->object[i].box;
	*m = (struct mask){ .x = box[0] - 1, .y = box[1] - 1, .w = box[2] - box[0] + 2, .h = box[3] - box[1] + 2 };
	m->in = arena_calloc(a, (size_t)m->w * (size_t)m->h, 1);
	m->traced = arena_calloc(a, (size_t)m->w * (size_t)m->h, 1);
	if (m->in == NULL || m->traced == NULL)
		return -1;
	for (int y = box[1]; y < box[3]; y++)
		for (int x = box[0]; x < box[2]; x++)
			m->in[(int64_t)(y - m->y) * m->w + x - m->x] = scene->owner[(int64_t)y * scene->param.w + x] == i + 1;
	return 0;
}

/*
 * Walk along pixel edges with the area on the right, from the edge above pixel x, y, until it closes; at a
 * corner where two pixels touch, stay with the one at hand. The points are the middles of the edges, so a slanted
 * line comes out straight. With out NULL the points are only counted.
 */
static int walk(struct mask *m, int x, int y, double *out)
{
	static const int step_x[] = { 1, 0, -1, 0 }, step_y[] = { 0, 1, 0, -1 };	/* right, down, left, up */
	/* From a corner: the pixel ahead on the right and on the left, relative to the corner's lower right pixel. */
	static const int right_x[] = { 0, -1, -1, 0 }, right_y[] = { 0, 0, -1, -1 };
	static const int left_x[] = { 0, 0, -1, -1 }, left_y[] = { -1, 0, 0, -1 };
	int cx = x, cy = y, direction = 0, n = 0;
	do {
		if (direction == 0)
			m->traced[(int64_t)cy * m->w + cx] = 1;
		if (out != NULL) {
			out[2 * n] = m->x + cx + step_x[direction] / 2.0;
			out[2 * n + 1] = m->y + cy + step_y[direction] / 2.0;
		}
		n++;
		cx += step_x[direction];
		cy += step_y[direction];
		if (!in(m, cx + right_x[direction], cy + right_y[direction]))
			direction = (direction + 1) % 4;
		else if (in(m, cx + left_x[direction], cy + left_y[direction]))
			direction = (direction + 3) % 4;
	} while (cx != x || cy != y || direction != 0);
	return n;
}

static double distance_to_chord(const double *p, const double *from, const double *to)
{
	double dx = to[0] - from[0], dy = to[1] - from[1], length = sqrt(dx * dx + dy * dy);
	if (length == 0)
		return hypot(p[0] - from[0], p[1] - from[1]);
	return fabs(dx * (p[1] - from[1]) - dy * (p[0] - from[0])) / length;
}

/*
 * Mark the points of a line that must stay (Douglas and Peucker): the farthest from the chord, if it is too far,
 * and so on for both halves. `point` wraps around after n.
 */
static void mark_kept(uint8_t *keep, const double *point, int n, int from, int to)
{
	double farthest = tolerance_px;
	int split = -1;
	for (int i = from + 1; i < to; i++) {
		double d = distance_to_chord(&point[2 * (i % n)], &point[2 * from], &point[2 * (to % n)]);
		if (d > farthest) {
			farthest = d;
			split = i;
		}
	}
	if (split < 0)
		return;
	keep[split] = 1;
	mark_kept(keep, point, n, from, split);
	mark_kept(keep, point, n, split, to);
}

static int simplify(struct synth_loop *loop, struct arena *a)
{
	uint8_t *keep = arena_calloc(a, (size_t)loop->n, 1);
	int opposite = 0, n_kept = 0, kept = 0;
	double far = -1;
	if (keep == NULL)
		return -1;
	for (int i = 0; i < loop->n; i++) {
		double d = hypot(loop->point[2 * i] - loop->point[0], loop->point[2 * i + 1] - loop->point[1]);
		if (d > far) {
			far = d;
			opposite = i;
		}
	}
	keep[0] = keep[opposite] = 1;
	mark_kept(keep, loop->point, loop->n, 0, opposite);
	mark_kept(keep, loop->point, loop->n, opposite, loop->n);
	for (int i = 0; i < loop->n; i++)
		n_kept += keep[i];
	/* A part of a few pixels would vanish. */
	if (n_kept < 3)
		return 0;
	for (int i = 0; i < loop->n; i++) {
		if (!keep[i])
			continue;
		loop->point[2 * kept] = loop->point[2 * i];
		loop->point[2 * kept + 1] = loop->point[2 * i + 1];
		kept++;
	}
	loop->n = kept;
	return 0;
}

/* All loops of the mask but the smallest holes. */
static int trace_all(struct trace **traces, int *n_traces, struct mask *m, struct arena *a)
{
	int most = 0;
	for (int y = 1; y < m->h - 1; y++)
		for (int x = 1; x < m->w - 1; x++)
			most += in(m, x, y) && !in(m, x, y - 1);
	*traces = arena_calloc(a, (size_t)most, sizeof **traces);
	*n_traces = 0;
	if (*traces == NULL)
		return -1;
	for (int y = 1; y < m->h - 1; y++) {
		for (int x = 1; x < m->w - 1; x++) {
			if (!in(m, x, y) || in(m, x, y - 1) || m->traced[(int64_t)y * m->w + x])
				continue;
			struct trace *t = &(*traces)[*n_traces];
			t->loop.n = walk(m, x, y, NULL);
			t->loop.point = arena_calloc(a, (size_t)t->loop.n, 2 * sizeof *t->loop.point);
			if (t->loop.point == NULL)
				return -1;
			walk(m, x, y, t->loop.point);
			TRY(simplify(&t->loop, a));
			t->area = synth_loop_area(&t->loop);
			t->start[0] = m->x + x + 0.5;
			t->start[1] = m->y + y + 0.5;
			*n_traces += t->area > 0 || t->area <= -least_hole;
		}
	}
	return 0;
}

static bool contains(const struct synth_loop *loop, const double p[2])
{
	bool inside = false;
	for (int i = 0; i < loop->n; i++) {
		const double *q = &loop->point[2 * i], *r = &loop->point[2 * ((i + 1) % loop->n)];
		if ((q[1] > p[1]) != (r[1] > p[1]) && p[0] < q[0] + (r[0] - q[0]) * (p[1] - q[1]) / (r[1] - q[1]))
			inside = !inside;
	}
	return inside;
}

/* The smallest part around a hole's start, which lies in that part. */
static struct trace *part_around(struct trace *traces, int n, const struct trace *hole)
{
	struct trace *found = NULL;
	for (int i = 0; i < n; i++)
		if (traces[i].area > 0 && contains(&traces[i].loop, hole->start) &&
		    (found == NULL || traces[i].area < found->area))
			found = &traces[i];
	return found;
}

/* Cut from the part's line to the hole's where they are closest, go round the hole, and come back. */
static int join_hole(struct synth_loop *part, const struct synth_loop *hole, struct arena *a)
{
	int near_part = 0, near_hole = 0;
	double nearest = INFINITY;
	for (int i = 0; i < part->n; i++) {
		for (int j = 0; j < hole->n; j++) {
			double d = hypot(part->point[2 * i] - hole->point[2 * j], part->point[2 * i + 1] - hole->point[2 * j + 1]);
			if (d < nearest) {
				nearest = d;
				near_part = i;
				near_hole = j;
			}
		}
	}
	struct synth_loop joined = { .point = arena_calloc(a, (size_t)part->n + (size_t)hole->n + 2, 2 * sizeof(double)) };
	if (joined.point == NULL)
		return -1;
	for (int i = 0; i <= near_part; i++)
		memcpy(&joined.point[2 * joined.n++], &part->point[2 * i], 2 * sizeof(double));
	for (int j = 0; j <= hole->n; j++)
		memcpy(&joined.point[2 * joined.n++], &hole->point[2 * ((near_hole + j) % hole->n)], 2 * sizeof(double));
	for (int i = near_part; i < part->n; i++)
		memcpy(&joined.point[2 * joined.n++], &part->point[2 * i], 2 * sizeof(double));
	*part = joined;
	return 0;
}

int synth_outline(struct synth_loop **loops, int *n_loops, const struct synth_scene *scene, int i, struct arena *a)
{
	struct mask mask;
	struct trace *traces;
	int n;
	TRY(mask_make(&mask, scene, i, a));
	TRY(trace_all(&traces, &n, &mask, a));
	*loops = arena_calloc(a, (size_t)n, sizeof **loops);
	*n_loops = 0;
	if (*loops == NULL)
		return -1;
	for (int t = 0; t < n; t++) {
		struct trace *part = traces[t].area < 0 ? part_around(traces, n, &traces[t]) : NULL;
		if (part != NULL)
			TRY(join_hole(&part->loop, &traces[t].loop, a));
	}
	for (int t = 0; t < n; t++)
		if (traces[t].area > 0)
			(*loops)[(*n_loops)++] = traces[t].loop;
	return 0;
}
