/* What can be seen of polygons and masks in areas that were cut a few times. */
#include "coco/mask_extent.h"
#include "tests/geometry.h"

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

int main(void)
{
	arena_init(&arena, 1 << 18);
	test_polygon_extent();
	test_rle_extent();
	test_convex();
	arena_release(&arena);
	return tap_done();
}
