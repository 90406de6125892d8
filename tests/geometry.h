/*
 * geometry: random pictures, masks, maps and areas, and naive ways to move and cut them, for the tests of geometry. Everything is in
 * `arena`, which main() opens.
 */
#ifndef TESTS_GEOMETRY_H
#define TESTS_GEOMETRY_H

#include "base/rng.h"
#include "coco/rle_warp.h"
#include "image/affine.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { CASES = 10000, SIDE = 24 };

static struct arena arena;

static inline int below(struct rng *g, int n)
{
	return (int)rng_below(g, (uint64_t)n);
}

static inline double between(struct rng *g, double low, double high)
{
	return low + (high - low) * rng_uniform(g);
}

/* A picture of h x w pixels, 0 or 1, in rows. */
struct picture {
	int h, w;
	uint8_t *inside;
};

static inline struct picture picture_new(int h, int w)
{
	struct picture p = { .h = h, .w = w, .inside = arena_calloc(&arena, (size_t)(h * w), 1) };
	if (p.inside == NULL)
		abort();
	return p;
}

/* Rectangles and an ellipse over each other, or noise, or nothing. */
static inline struct picture random_picture(struct rng *g)
{
	struct picture p = picture_new(1 + below(g, SIDE), 1 + below(g, SIDE));
	int kind = below(g, 8);
	double x0 = between(g, 0, p.w), y0 = between(g, 0, p.h), a = between(g, .5, p.w), b = between(g, .5, p.h);
	int left = below(g, p.w), top = below(g, p.h), right = left + 1 + below(g, p.w), bottom = top + 1 + below(g, p.h);
	for (int y = 0; y < p.h; y++)
		for (int x = 0; x < p.w; x++) {
			double u = (x + .5 - x0) / a, v = (y + .5 - y0) / b;
			bool set = u * u + v * v < 1;
			set |= x >= left && x < right && y >= top && y < bottom;
			p.inside[y * p.w + x] = kind == 0 ? 0 : kind == 1 ? below(g, 2) : kind == 2 ? 1 : set;
		}
	return p;
}

static inline struct rle to_rle(const struct picture *p)
{
	struct rle m = { .h = p->h, .w = p->w, .n = 0 };
	m.runs = arena_calloc(&arena, (size_t)(p->h * p->w + 1), sizeof *m.runs);
	if (m.runs == NULL)
		abort();
	int last = 0;
	m.n = 1;
	for (int x = 0; x < p->w; x++)
		for (int y = 0; y < p->h; y++) {
			int now = p->inside[y * p->w + x];
			m.n += now != last;
			m.runs[m.n - 1]++;
			last = now;
		}
	return m;
}

static inline struct rle_edges to_edges(const struct picture *p)
{
	struct rle m = to_rle(p);
	struct rle_edges e;
	rle_edges_make(&e, &m);
	return e;
}

static inline struct picture from_rle(const struct rle *m)
{
	struct picture p = picture_new(m->h, m->w);
	int64_t at = 0;
	for (int64_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->runs[i]; k++, at++)
			p.inside[at % m->h * m->w + at / m->h] = i % 2 == 1;
	return p;
}

/* One of the eight turns and flips of a frame w x h, with the frame it leads to. */
static inline void random_turn(double m[6], int *to_w, int *to_h, int w, int h, struct rng *g)
{
	struct image_turn turn = image_turn_of_exif(1 + below(g, 8));
	image_turn_affine(m, turn, w, h);
	*to_w = turn.transpose ? h : w;
	*to_h = turn.transpose ? w : h;
}

/* Anything that has an inverse: stretched, mirrored, turned, sheared, by round and crooked numbers. */
static inline void random_map(double m[6], int w, int h, struct rng *g)
{
	double angle = between(g, -4, 4), sx = between(g, .3, 3), sy = between(g, .3, 3), shear = between(g, -.5, .5);
	int kind = below(g, 4);
	if (kind == 0) {
		angle = 0;
		shear = 0;
	} else if (kind == 1) {
		angle = 0;
		shear = 0;
		sx = 1 + below(g, 3);
		sy = .5;
	}
	sx = below(g, 2) ? sx : -sx;
	m[0] = sx * cos(angle);
	m[1] = -sy * sin(angle) + shear;
	m[3] = sx * sin(angle);
	m[4] = sy * cos(angle);
	if (fabs(m[0] * m[4] - m[1] * m[3]) < .05)
		m[4] += m[4] < 0 ? -1 : 1;
	/* The middle goes somewhere near the middle. */
	m[2] = SIDE / 2 - m[0] * w / 2 - m[1] * h / 2 + between(g, -8, 8);
	m[5] = SIDE / 2 - m[3] * w / 2 - m[4] * h / 2 + between(g, -8, 8);
}

/* The pixel under the centre of x, y; -1: outside; -2: too near to an edge between pixels to say. */
static inline int source_pixel(const struct picture *in, const double m[6], int x, int y)
{
	/* m is solved for its argument by Cramer's rule. */
	double det = m[0] * m[4] - m[1] * m[3], p = x + .5 - m[2], q = y + .5 - m[5];
	double u = (p * m[4] - m[1] * q) / det, v = (m[0] * q - m[3] * p) / det;
	if (fabs(u - round(u)) < 1e-9 || fabs(v - round(v)) < 1e-9)
		return -2;
	if (u < 0 || v < 0 || u >= in->w || v >= in->h)
		return -1;
	return (int)v * in->w + (int)u;
}

/* Runs alternate, only the first may be 0, and they cover the frame. */
static inline bool is_proper(const struct rle *m)
{
	bool proper = rle_check(m) == 0 && m->n > 0;
	for (int64_t i = 1; i < m->n; i++)
		proper &= m->runs[i] > 0;
	return proper;
}

static inline struct rle warp(const struct rle_edges *in, const double m[6], const struct rle_frame *f)
{
	struct rle out;
	if (rle_warp(&out, in, m, f, &arena) != 0) {
		printf("# %s\n", err_get());
		abort();
	}
	return out;
}

static inline void window(struct convex *view, double w, double h)
{
	if (convex_rectangle(view, w, h, &arena) != 0)
		abort();
}

/* Where a map takes a point back to: is that in the frame? Near its border: -1. */
static inline int naive_holds(const double m[6], double w, double h, double x, double y)
{
	double det = m[0] * m[4] - m[1] * m[3], p = x - m[2], q = y - m[5];
	double u = (p * m[4] - m[1] * q) / det, v = (m[0] * q - m[3] * p) / det;
	double room = fmin(fmin(u, w - u), fmin(v, h - v));
	return fabs(room) < 1e-9 ? -1 : room > 0;
}

/* An area cut by up to three moved frames, and those. */
struct cuts {
	struct convex area;
	int n;
	double m[3][6], w[3], h[3];
};

static inline void random_cuts(struct cuts *c, struct rng *g)
{
	window(&c->area, 20, 18);
	c->n = below(g, 4);
	for (int i = 0; i < c->n; i++) {
		c->w[i] = between(g, 5, 30);
		c->h[i] = between(g, 5, 30);
		random_map(c->m[i], (int)c->w[i], (int)c->h[i], g);
		if (convex_cut(&c->area, c->m[i], c->w[i], c->h[i], &arena) != 0)
			abort();
	}
}

static inline int cuts_hold(const struct cuts *c, double x, double y)
{
	const double same[6] = { 1, 0, 0, 0, 1, 0 };
	int held = naive_holds(same, 20, 18, x, y);
	for (int i = 0; i < c->n && held == 1; i++)
		held = naive_holds(c->m[i], c->w[i], c->h[i], x, y);
	return held;
}

#endif
