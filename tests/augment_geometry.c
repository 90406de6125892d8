/* Laws of geometry: thousands of random cases against naive ways to say the same. */
#include "augment/augment.h"
#include "base/rng.h"
#include "coco/mask_extent.h"
#include "coco/rle_crop.h"
#include "coco/rle_warp.h"
#include "image/affine.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { CASES = 10000, SIDE = 24 };

static struct arena arena;

static int below(struct rng *g, int n)
{
	return (int)rng_below(g, (uint64_t)n);
}

static double between(struct rng *g, double low, double high)
{
	return low + (high - low) * rng_uniform(g);
}

/* A picture of h x w pixels, 0 or 1, in rows. */
struct picture {
	int h, w;
	uint8_t *inside;
};

static struct picture picture_new(int h, int w)
{
	struct picture p = { .h = h, .w = w, .inside = arena_calloc(&arena, (size_t)(h * w), 1) };
	if (p.inside == NULL)
		abort();
	return p;
}

/* Rectangles and an ellipse over each other, or noise, or nothing. */
static struct picture random_picture(struct rng *g)
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

static struct rle to_rle(const struct picture *p)
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

static struct rle_edges to_edges(const struct picture *p)
{
	struct rle m = to_rle(p);
	struct rle_edges e;
	rle_edges_make(&e, &m);
	return e;
}

static struct picture from_rle(const struct rle *m)
{
	struct picture p = picture_new(m->h, m->w);
	int64_t at = 0;
	for (int64_t i = 0; i < m->n; i++)
		for (uint32_t k = 0; k < m->runs[i]; k++, at++)
			p.inside[at % m->h * m->w + at / m->h] = i % 2 == 1;
	return p;
}

/* One of the eight turns and flips of a frame w x h, with the frame it leads to. */
static void random_turn(double m[6], int *to_w, int *to_h, int w, int h, struct rng *g)
{
	struct image_turn turn = image_turn_of_exif(1 + below(g, 8));
	image_turn_affine(m, turn, w, h);
	*to_w = turn.transpose ? h : w;
	*to_h = turn.transpose ? w : h;
}

/* Anything that has an inverse: stretched, mirrored, turned, sheared, by round and crooked numbers. */
static void random_map(double m[6], int w, int h, struct rng *g)
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
static int source_pixel(const struct picture *in, const double m[6], int x, int y)
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

/* Pixels that are not as the naive warp says. */
static int wrong_pixels(const struct rle *got, const struct picture *in, const double m[6], const struct rle_frame *f)
{
	struct picture p = from_rle(got);
	int wrong = got->h != f->h || got->w != f->w;
	for (int y = 0; y < p.h && wrong == 0; y++)
		for (int x = 0; x < p.w; x++) {
			int from = x < f->valid_w && y < f->valid_h ? source_pixel(in, m, x, y) : -1;
			int want = from >= 0 ? in->inside[from] : 0;
			wrong += from != -2 && p.inside[y * p.w + x] != want;
		}
	return wrong;
}

/* Runs alternate, only the first may be 0, and they cover the frame. */
static bool is_proper(const struct rle *m)
{
	bool proper = rle_check(m) == 0 && m->n > 0;
	for (int64_t i = 1; i < m->n; i++)
		proper &= m->runs[i] > 0;
	return proper;
}

static struct rle warp(const struct rle_edges *in, const double m[6], const struct rle_frame *f)
{
	struct rle out;
	if (rle_warp(&out, in, m, f, &arena) != 0) {
		printf("# %s\n", err_get());
		abort();
	}
	return out;
}

static void test_warp(void)
{
	struct rng g = rng_make(1);
	int wrong = 0, improper = 0;
	for (int i = 0; i < CASES; i++) {
		double m[6];
		arena_reset(&arena);
		struct picture in = random_picture(&g);
		struct rle_edges edges = to_edges(&in);
		struct rle_frame f = { .h = 1 + below(&g, SIDE), .w = 1 + below(&g, SIDE) };
		f.valid_h = 1 + below(&g, f.h);
		f.valid_w = 1 + below(&g, f.w);
		random_map(m, in.w, in.h, &g);
		struct rle out = warp(&edges, m, &f);
		wrong += wrong_pixels(&out, &in, m, &f) != 0;
		improper += !is_proper(&out);
	}
	is_int(wrong, 0, "masks warped by any map are those of a naive warp");
	is_int(improper, 0, "their runs are proper and cover the canvas");
}

/* Where a turn takes a pixel, in whole numbers. */
static void test_turns(void)
{
	struct rng g = rng_make(2);
	int wrong = 0, round_trip = 0, area = 0, composed = 0;
	for (int i = 0; i < CASES; i++) {
		double m[6], second[6], inverse[6], both[6];
		int w, h, w2, h2;
		arena_reset(&arena);
		struct picture in = random_picture(&g);
		struct rle original = to_rle(&in);
		struct rle_edges edges = to_edges(&in);
		random_turn(m, &w, &h, in.w, in.h, &g);
		struct rle out = warp(&edges, m, &(struct rle_frame){ .h = h, .w = w, .valid_h = h, .valid_w = w });
		struct picture turned = from_rle(&out);
		for (int y = 0; y < in.h; y++)
			for (int x = 0; x < in.w; x++) {
				int x2 = (int)(m[0] * x + m[1] * y + m[2]) - (m[0] + m[1] < 0);
				int y2 = (int)(m[3] * x + m[4] * y + m[5]) - (m[3] + m[4] < 0);
				wrong += turned.inside[y2 * w + x2] != in.inside[y * in.w + x];
			}
		area += rle_area(&out) != rle_area(&original);
		struct rle_edges moved = to_edges(&turned);
		affine_invert(inverse, m);
		struct rle back = warp(&moved, inverse, &(struct rle_frame){ .h = in.h, .w = in.w, .valid_h = in.h, .valid_w = in.w });
		round_trip += back.n != original.n ||
			memcmp(back.runs, original.runs, (size_t)back.n * sizeof *back.runs) != 0;
		random_turn(second, &w2, &h2, w, h, &g);
		affine_compose(both, second, m);
		struct rle one = warp(&edges, both, &(struct rle_frame){ .h = h2, .w = w2, .valid_h = h2, .valid_w = w2 });
		struct rle two = warp(&moved, second, &(struct rle_frame){ .h = h2, .w = w2, .valid_h = h2, .valid_w = w2 });
		composed += one.n != two.n || memcmp(one.runs, two.runs, (size_t)one.n * sizeof *one.runs) != 0;
	}
	is_int(wrong, 0, "flips and turns by 90 degrees move each pixel to its place");
	is_int(area, 0, "and keep the area");
	is_int(round_trip, 0, "and back gives the same runs");
	is_int(composed, 0, "and two of them are one by the product of their matrices");
}

/* What of a convex polygon lies in 0..w x 0..h, side by side (Sutherland and Hodgman); its box is grown. */
static void naive_extent(double box[4], const double *xy, int n, double w, double h)
{
	double at[32][2], next[32][2];
	memcpy(at, xy, (size_t)n * sizeof *at);
	for (int side = 0; side < 4; side++) {
		int axis = side % 2, kept = 0;
		double sign = side < 2 ? 1 : -1, limit = side < 2 ? 0 : axis == 0 ? -w : -h;
		for (int i = 0; i < n; i++) {
			const double *a = at[i], *b = at[(i + 1) % n];
			double da = sign * a[axis] - limit, db = sign * b[axis] - limit;
			if (da >= 0)
				memcpy(next[kept++], a, sizeof *next);
			if ((da > 0 && db < 0) || (da < 0 && db > 0)) {
				next[kept][axis] = sign * limit;
				next[kept][1 - axis] = a[1 - axis] + (b[1 - axis] - a[1 - axis]) * da / (da - db);
				kept++;
			}
		}
		n = kept;
		memcpy(at, next, sizeof at);
	}
	for (int i = 0; i < n; i++)
		for (int axis = 0; axis < 2; axis++) {
			box[axis] = fmin(box[axis], at[i][axis]);
			box[2 + axis] = fmax(box[2 + axis], at[i][axis]);
		}
}

static void window(struct convex *view, double w, double h)
{
	if (convex_rectangle(view, w, h, &arena) != 0)
		abort();
}

static double box_difference(const double a[4], const double b[4])
{
	double worst = 0;
	for (int i = 0; i < 4; i++)
		worst = fmax(worst, fabs(a[i] - b[i]));
	return worst;
}

/* A star is the union of the triangles between its middle and its edges, and those are convex. */
static void test_polygon_extent(void)
{
	struct rng g = rng_make(3);
	struct convex view;
	double worst = 0;
	int differ = 0, seen = 0;
	window(&view, 20, 18);
	for (int i = 0; i < CASES; i++) {
		double xy[2 * 12], box[4], naive[4] = { 1e9, 1e9, -1e9, -1e9 };
		int n = 3 + below(&g, 9);
		double x = between(&g, -10, 30), y = between(&g, -10, 30), start = between(&g, 0, 7), turn = below(&g, 2) ? 1 : -1;
		/* Less than half a turn from corner to corner, so that the middle sees all edges. */
		for (int k = 0; k < n; k++) {
			double angle = start + turn * 6.283185307179586 * (k + between(&g, 0, .45)) / n;
			double radius = between(&g, .5, 25);
			xy[2 * k] = x + radius * cos(angle);
			xy[2 * k + 1] = y + radius * sin(angle);
		}
		for (int k = 0; k < n; k++) {
			const double *a = xy + 2 * k, *b = xy + 2 * ((k + 1) % n);
			naive_extent(naive, (double[]){ x, y, a[0], a[1], b[0], b[1] }, 3, 20, 18);
		}
		struct mask_extent e = mask_extent_begin(&view);
		mask_extent_polygon(&e, xy, n);
		bool any = mask_extent_box(box, &e), want = naive[0] < naive[2] && naive[1] < naive[3];
		differ += any != want;
		if (any && want) {
			seen++;
			worst = fmax(worst, box_difference(box, naive));
		}
	}
	ok(differ == 0 && seen > CASES / 3, "what is seen of stars: %d of %d, %d differ", seen, (int)CASES, differ);
	ok(worst < 1e-9, "its box is that of the cut triangles within %.1e", worst);
	const double around[8] = { -50, -50, 70, -50, 70, 70, -50, 70 };
	double box[4] = { 0 };
	struct mask_extent e = mask_extent_begin(&view);
	mask_extent_polygon(&e, around, 4);
	ok(mask_extent_box(box, &e) && box[0] == 0 && box[1] == 0 && box[2] == 20 && box[3] == 18,
	   "a polygon around the window is seen everywhere");
	/* Both ends of a U whose middle lies outside: the border between the ends is not a part of it. */
	const double bent[16] = { 2, 1, 30, 1, 30, 9, 5, 9, 5, 7, 28, 7, 28, 3, 2, 3 };
	window(&view, 20, 5);
	e = mask_extent_begin(&view);
	mask_extent_polygon(&e, bent, 8);
	ok(mask_extent_box(box, &e) && box[1] == 1 && box[3] == 3, "cutting a corner of a U leaves one arm");
}

static void test_rle_extent(void)
{
	struct rng g = rng_make(4);
	double worst = 0;
	int differ = 0;
	for (int i = 0; i < CASES / 5; i++) {
		double m[6], box[4], naive[4] = { 1e9, 1e9, -1e9, -1e9 };
		arena_reset(&arena);
		struct picture in = random_picture(&g);
		struct rle_edges edges = to_edges(&in);
		struct convex view;
		window(&view, 20, 18);
		random_map(m, in.w, in.h, &g);
		for (int at = 0; at < in.w * in.h; at++) {
			double x = at % in.w, y = at / in.w, xy[8] = { x, y, x + 1, y, x + 1, y + 1, x, y + 1 };
			for (int k = 0; k < 4; k++)
				affine_point(m, &xy[2 * k], &xy[2 * k + 1]);
			if (in.inside[at])
				naive_extent(naive, xy, 4, 20, 18);
		}
		struct mask_extent e = mask_extent_begin(&view);
		mask_extent_rle(&e, &edges, m);
		bool any = mask_extent_box(box, &e);
		differ += any != (naive[0] < naive[2] && naive[1] < naive[3]);
		worst = fmax(worst, any ? box_difference(box, naive) : 0);
	}
	ok(differ == 0 && worst < 1e-9, "what is seen of moved pixels is that of their cut squares within %.1e", worst);
}

/* Where a map takes a point back to: is that in the frame? Near its border: -1. */
static int naive_holds(const double m[6], double w, double h, double x, double y)
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

static void random_cuts(struct cuts *c, struct rng *g)
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

static int cuts_hold(const struct cuts *c, double x, double y)
{
	const double same[6] = { 1, 0, 0, 0, 1, 0 };
	int held = naive_holds(same, 20, 18, x, y);
	for (int i = 0; i < c->n && held == 1; i++)
		held = naive_holds(c->m[i], c->w[i], c->h[i], x, y);
	return held;
}

static void test_convex(void)
{
	struct rng g = rng_make(8);
	int wrong = 0, spans = 0, corners = 0, differ = 0, seen = 0;
	double worst = 0;
	for (int i = 0; i < CASES / 2; i++) {
		struct cuts c;
		double low, high, xy[6], *cut, box[4], naive[4] = { 1e9, 1e9, -1e9, -1e9 };
		int64_t n;
		arena_reset(&arena);
		random_cuts(&c, &g);
		double x = between(&g, -1, 21), y = between(&g, -1, 19);
		int held = cuts_hold(&c, x, y);
		wrong += held >= 0 && convex_holds(&c.area, x, y) != held;
		convex_span(&low, &high, &c.area, true, x);
		spans += held >= 0 && (y >= low && y <= high) != held;
		convex_span(&low, &high, &c.area, false, y);
		spans += held >= 0 && (x >= low && x <= high) != held;
		for (int64_t k = 0; k < c.area.n; k++)
			corners += cuts_hold(&c, c.area.corner[2 * k], c.area.corner[2 * k + 1]) == 1;
		for (int k = 0; k < 6; k++)
			xy[k] = between(&g, -5, 25);
		if (convex_clip(&cut, &n, &c.area, xy, 3, &arena) != 0)
			abort();
		for (int64_t k = 0; k < 2 * n; k++) {
			naive[k % 2] = fmin(naive[k % 2], cut[k]);
			naive[2 + k % 2] = fmax(naive[2 + k % 2], cut[k]);
		}
		struct mask_extent e = mask_extent_begin(&c.area);
		mask_extent_polygon(&e, xy, 3);
		bool any = mask_extent_box(box, &e);
		differ += any != (naive[0] < naive[2] && naive[1] < naive[3]);
		seen += any;
		worst = any ? fmax(worst, box_difference(box, naive)) : worst;
	}
	is_int(wrong, 0, "an area holds what all frames hold that it was cut to");
	is_int(spans, 0, "and so do its columns and rows");
	is_int(corners, 0, "its corners are on borders");
	ok(differ == 0 && worst < 1e-9 && seen > CASES / 8, "triangles in it: the extent is that of the cut, %d seen, within %.1e", seen, worst);
}

/* Pixels whose centre the area does not hold are outside; the rest is as without it. */
static void test_view(void)
{
	struct rng g = rng_make(9);
	int wrong = 0, improper = 0, labels = 0;
	for (int i = 0; i < CASES / 4; i++) {
		double m[6];
		struct cuts c;
		arena_reset(&arena);
		struct picture in = random_picture(&g);
		struct rle_edges edges = to_edges(&in);
		random_cuts(&c, &g);
		random_map(m, in.w, in.h, &g);
		struct rle out = warp(&edges, m, &(struct rle_frame){ .h = 18, .w = 20, .valid_h = 18, .valid_w = 20, .view = &c.area });
		struct picture p = from_rle(&out);
		struct sample from = { .orig_w = in.w, .orig_h = in.h }, to = { .valid_w = 20, .valid_h = 18 };
		from.semantic = tensor_view(DTYPE_U8, 2, (int64_t[]){ in.h, in.w }, in.inside);
		to.pixels = tensor_view(DTYPE_U8, 3, (int64_t[]){ 18, 20, 3 }, &arena);
		if (augment_semantic(&to, &from, m, &c.area, &arena) != 0)
			abort();
		for (int at = 0; at < 18 * 20; at++) {
			int x = at % 20, y = at / 20, pixel = source_pixel(&in, m, x, y), held = cuts_hold(&c, x + .5, y + .5);
			if (pixel == -2 || held < 0)
				continue;
			wrong += p.inside[at] != (held && pixel >= 0 ? in.inside[pixel] : 0);
			labels += ((uint8_t *)to.semantic.data)[at] != (held && pixel >= 0 ? in.inside[pixel] : 255);
		}
		improper += !is_proper(&out);
	}
	is_int(wrong + improper, 0, "masks end where the view does");
	is_int(labels, 0, "so do label maps");
}

/* A sample of one object with both kinds of box, its mask, and 17 keypoints. */
struct scene {
	struct sample sample;
	struct picture picture;
	float box[4];
	float keypoints[17 * 3];
	struct sample_mask mask;
	struct tensor polygon;
	double xy[4 * 2];
};

static const int32_t one_label;

static void scene_init(struct scene *s, bool polygon, struct rng *g)
{
	do
		s->picture = random_picture(g);
	while (to_edges(&s->picture).area == 0);
	struct rle runs = to_rle(&s->picture);
	double box[4];
	rle_box(box, &runs);
	for (int i = 0; i < 2; i++) {
		s->box[i] = (float)box[i];
		s->box[2 + i] = (float)(box[i] + box[2 + i]);
	}
	s->mask = (struct sample_mask){ .rle = rle_compress(runs.runs, runs.n, &arena), .rle_h = runs.h, .rle_w = runs.w };
	if (polygon) {	/* the middles of the box's sides */
		const double mx = box[0] + box[2] / 2, my = box[1] + box[3] / 2;
		memcpy(s->xy, (double[]){ mx, box[1], box[0] + box[2], my, mx, box[1] + box[3], box[0], my }, sizeof s->xy);
		s->polygon = tensor_view(DTYPE_F64, 2, (int64_t[]){ 4, 2 }, s->xy);
		s->mask = (struct sample_mask){ .n_polygons = 1, .polygons = &s->polygon };
	}
	for (int i = 0; i < 17; i++) {
		s->keypoints[3 * i] = (float)below(g, s->picture.w);
		s->keypoints[3 * i + 1] = (float)below(g, s->picture.h);
		s->keypoints[3 * i + 2] = (float)below(g, 3);
	}
	sample_init(&s->sample);
	s->sample.n = 1;
	s->sample.boxes = s->box;
	s->sample.labels = &one_label;
	s->sample.masks = &s->mask;
	s->sample.keypoints = tensor_view(DTYPE_F32, 3, (int64_t[]){ 1, 17, 3 }, s->keypoints);
	s->sample.orig_w = s->picture.w;
	s->sample.orig_h = s->picture.h;
}

/* The sample moved to a canvas of w x h; its pixels are not looked at. */
static struct sample move(const struct sample *in, const double m[6], enum objects_boxes boxes, int w, int h)
{
	struct augment_loss loss = { 0 };
	struct sample out = *in;
	out.pixels = tensor_view(DTYPE_U8, 3, (int64_t[]){ h, w, 3 }, &arena);
	out.valid_w = w;
	out.valid_h = h;
	if (augment_objects(&out, in, m, &(struct objects_param){ .boxes = boxes }, &loss, &arena) != 0) {
		printf("# %s\n", err_get());
		abort();
	}
	return out;
}

static bool box_within(const float b[4], double x0, double y0, double x1, double y1)
{
	return (double)b[0] >= x0 && (double)b[1] >= y0 && (double)b[2] <= x1 && (double)b[3] <= y1 && b[0] < b[2] && b[1] < b[3];
}

/* Centres of the output's mask pixels that its box does not hold. */
static int pixels_beyond(const struct sample *out)
{
	const struct sample_mask *mask = out->masks;
	struct rle runs = { .h = mask->rle_h, .w = mask->rle_w };
	if (mask->rle == NULL)
		return 0;
	runs.runs = arena_alloc(&arena, strlen(mask->rle) * sizeof *runs.runs + 1);
	if (runs.runs == NULL || rle_expand(&runs, mask->rle) != 0)
		abort();
	struct picture p = from_rle(&runs);
	int beyond = 0;
	const float *b = out->boxes, slack = 1e-4f;
	for (int at = 0; at < p.h * p.w; at++) {
		float x = (float)(at % p.w) + .5f, y = (float)(at / p.w) + .5f;
		beyond += p.inside[at] && (x < b[0] - slack || y < b[1] - slack || x > b[2] + slack || y > b[3] + slack);
	}
	return beyond;
}

static void test_boxes(void)
{
	struct rng g = rng_make(5);
	int outside = 0, loose = 0, beyond = 0, points = 0, seen = 0, lost = 0;
	for (int i = 0; i < CASES; i++) {
		struct scene s;
		double m[6];
		arena_reset(&arena);
		scene_init(&s, i % 2, &g);
		random_map(m, s.picture.w, s.picture.h, &g);
		int w = 1 + below(&g, 30), h = 1 + below(&g, 30);
		struct sample tight = move(&s.sample, m, OBJECTS_TIGHT, w, h), corners = move(&s.sample, m, OBJECTS_CORNERS, w, h);
		lost += tight.n > corners.n;
		if (corners.n == 1)
			outside += !box_within(corners.boxes, 0, 0, w, h);
		if (tight.n == 0)
			continue;
		seen++;
		const float *c = corners.boxes;
		outside += !box_within(tight.boxes, 0, 0, w, h);
		loose += !box_within(tight.boxes, (double)c[0] - 1e-4, (double)c[1] - 1e-4, (double)c[2] + 1e-4, (double)c[3] + 1e-4);
		beyond += pixels_beyond(&tight) + pixels_beyond(&corners);
		const float *k = tight.keypoints.data;
		for (int j = 0; j < 17; j++)
			points += k[3 * j + 2] > 0 ? k[3 * j] < -.5f || k[3 * j + 1] < -.5f || k[3 * j] > (float)w - .5f ||
				k[3 * j + 1] > (float)h - .5f : k[3 * j] != 0 || k[3 * j + 1] != 0;
	}
	ok(outside == 0 && seen > CASES / 2, "boxes never leave the image: %d of %d seen", seen, (int)CASES);
	ok(loose == 0 && lost == 0, "a tight box lies within that of the corners");
	is_int(beyond, 0, "a box holds the centres of its mask's pixels");
	is_int(points, 0, "keypoints lie in the image or are not labelled");
}

static double polygon_area(const double *xy)
{
	double sum = 0;
	for (int i = 0, k = 3; i < 4; k = i++)
		sum += xy[2 * k] * xy[2 * i + 1] - xy[2 * i] * xy[2 * k + 1];
	return fabs(sum) / 2;
}

/* To a large canvas, where nothing is cut. */
static void test_maps(void)
{
	struct rng g = rng_make(6);
	double back = 0, composed = 0, area = 0;
	int differ = 0, points = 0;
	for (int i = 0; i < CASES / 2; i++) {
		struct scene s;
		double m[6], second[6], both[6], inverse[6];
		arena_reset(&arena);
		scene_init(&s, true, &g);
		random_map(m, s.picture.w, s.picture.h, &g);
		random_map(second, 400, 400, &g);
		m[2] += 200;
		m[5] += 200;
		second[2] += 2000;
		second[5] += 2000;
		affine_compose(both, second, m);
		affine_invert(inverse, m);
		struct sample first = move(&s.sample, m, OBJECTS_TIGHT, 5000, 5000);
		struct sample two = move(&first, second, OBJECTS_TIGHT, 5000, 5000), one = move(&s.sample, both, OBJECTS_TIGHT, 5000, 5000);
		struct sample again = move(&first, inverse, OBJECTS_CORNERS, 5000, 5000);
		const double *p = one.masks[0].polygons[0].data, *q = two.masks[0].polygons[0].data;
		const double *r = again.n == 1 ? again.masks[0].polygons[0].data : s.xy;
		for (int k = 0; k < 8; k++) {
			composed = fmax(composed, fabs(p[k] - q[k]));
			back = fmax(back, fabs(r[k] - s.xy[k]));
		}
		for (int k = 0; k < 4; k++)
			differ += fabsf(one.boxes[k] - two.boxes[k]) > 1e-3f;
		const float *a = one.keypoints.data, *b = two.keypoints.data;
		for (int k = 0; k < 17 * 3; k++)
			points += fabsf(a[k] - b[k]) > 1e-3f;
		double factor = fabs(m[0] * m[4] - m[1] * m[3]);
		area = fmax(area, fabs(polygon_area(first.masks[0].polygons[0].data) / polygon_area(s.xy) / factor - 1));
	}
	ok(composed < 1e-9, "polygons moved twice are moved once by the product: within %.1e", composed);
	ok(back < 1e-9, "and come back by the inverse: within %.1e", back);
	is_int(differ, 0, "tight boxes of turned objects do not depend on the steps");
	is_int(points, 0, "neither do keypoints, with their names exchanged in mirrors");
	ok(area < 1e-9, "areas change by the determinant: within %.1e", area);
}

/* A hundred mirror images: what a float cannot hold is lost in the first. */
static void test_drift(void)
{
	struct rng g = rng_make(7);
	const double same[6] = { 1, 0, 0, 0, 1, 0 };
	int drift = 0, identity = 0;
	for (int i = 0; i < 200; i++) {
		struct scene s;
		arena_reset(&arena);
		scene_init(&s, i % 2, &g);
		for (int k = 0; k < 4; k++)
			s.box[k] += k < 2 ? .123f : -.123f;
		int w = s.picture.w, h = s.picture.h;
		const double mirror[6] = { -1, 0, w, 0, 1, 0 };
		struct sample at = move(&s.sample, same, OBJECTS_TIGHT, w, h), two = at;
		identity += memcmp(at.boxes, s.box, sizeof s.box) != 0 || at.masks[0].rle != s.mask.rle;
		for (int k = 0; k < 100; k++) {
			at = move(&at, mirror, OBJECTS_TIGHT, w, h);
			two = k == 1 ? at : two;
		}
		drift += memcmp(at.boxes, two.boxes, sizeof s.box) != 0;
		drift += memcmp(at.keypoints.data, two.keypoints.data, sizeof s.keypoints) != 0;
		for (int k = 0; k < 17; k++)	/* keypoints are whole numbers here, and come back as they were */
			drift += s.keypoints[3 * k + 2] > 0 &&
				memcmp((float *)at.keypoints.data + 3 * k, s.keypoints + 3 * k, 3 * sizeof(float)) != 0;
		if (s.mask.rle != NULL)
			drift += strcmp(at.masks[0].rle, s.mask.rle) != 0;
		else
			drift += memcmp(at.masks[0].polygons[0].data, two.masks[0].polygons[0].data, sizeof s.xy) != 0;
	}
	is_int(identity, 0, "the identity changes nothing");
	is_int(drift, 0, "a hundred mirror images move nothing away");
}

int main(void)
{
	arena_init(&arena, 1 << 18);
	test_warp();
	test_turns();
	test_polygon_extent();
	test_rle_extent();
	test_convex();
	test_view();
	test_boxes();
	test_maps();
	test_drift();
	arena_release(&arena);
	return tap_done();
}
