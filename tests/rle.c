/* Masks as runs: text both ways, area, box, union, overlap, polygons; against bitmaps and a tracing of every step. */
#include "base/rng.h"
#include "coco/rle.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { MAX_SIDE = 60 };

static struct arena arena;
static struct rng rng;

/* A mask as pixels, column after column. */
struct bitmap {
	int h, w;
	unsigned char inside[MAX_SIDE * MAX_SIDE];
};

static int below(int n)
{
	return (int)rng_below(&rng, (uint64_t)n);
}

static double uniform(double low, double high)
{
	return low + (high - low) * (double)rng_below(&rng, 1 << 20) / (1 << 20);
}

static struct rle from_bitmap(const struct bitmap *b)
{
	struct rle m = { .h = b->h, .w = b->w, .runs = arena_calloc(&arena, (size_t)(b->h * b->w + 1), 4) };
	unsigned char now = 0;
	m.n = 1;
	for (int i = 0; i < b->h * b->w; i++) {
		if (b->inside[i] != now) {
			now = b->inside[i];
			m.n++;
		}
		m.runs[m.n - 1]++;
	}
	return m;
}

static bool same(const struct rle *a, const struct rle *b)
{
	return a->n == b->n && memcmp(a->runs, b->runs, (size_t)a->n * sizeof *a->runs) == 0;
}

/* Stripes, so that runs are longer than a pixel. */
static struct bitmap random_bitmap(int h, int w)
{
	struct bitmap b = { .h = h, .w = w };
	int odds = below(4) == 0 ? 2 : 2 + below(30);
	bool empty = below(20) == 0;
	for (int i = 0; i < h * w; i++)
		b.inside[i] = !empty && (below(odds) == 0) != (i > 0 && b.inside[i - 1]);
	return b;
}

static void naive_box(double box[4], const struct bitmap *b)
{
	int x0 = b->w, y0 = b->h, x1 = -1, y1 = -1;
	for (int i = 0; i < b->h * b->w; i++) {
		if (!b->inside[i])
			continue;
		x0 = i / b->h < x0 ? i / b->h : x0;
		x1 = i / b->h > x1 ? i / b->h : x1;
		y0 = i % b->h < y0 ? i % b->h : y0;
		y1 = i % b->h > y1 ? i % b->h : y1;
	}
	const double want[4] = { x0, y0, x1 - x0 + 1, y1 - y0 + 1 }, none[4] = { 0 };
	memcpy(box, x1 < 0 ? none : want, sizeof want);
}

static struct rle_edges edges_of(const struct rle *m)
{
	struct rle copy = *m;
	struct rle_edges e;
	copy.runs = arena_alloc(&arena, (size_t)m->n * sizeof *copy.runs);
	memcpy(copy.runs, m->runs, (size_t)m->n * sizeof *copy.runs);
	rle_edges_make(&e, &copy);
	return e;
}

static void test_bitmaps(void)
{
	int text = 0, area = 0, box = 0, overlap = 0, crowd = 0, merged = 0;
	for (int round = 0; round < 3000; round++) {
		int h = 1 + below(MAX_SIDE), w = 1 + below(MAX_SIDE), counted = 0, both = 0, either = 0;
		struct bitmap a = random_bitmap(h, w), b = random_bitmap(h, w), u = a;
		for (int i = 0; i < h * w; i++) {
			counted += a.inside[i];
			both += a.inside[i] && b.inside[i];
			either += u.inside[i] = a.inside[i] || b.inside[i];
		}
		struct rle pair[2] = { from_bitmap(&a), from_bitmap(&b) }, whole = from_bitmap(&u), got;
		char *compressed = rle_compress(pair[0].runs, pair[0].n, &arena);
		struct rle back = { .h = h, .w = w, .runs = arena_calloc(&arena, strlen(compressed) + 1, 4) };
		text += rle_expand(&back, compressed) != 0 || !same(&back, &pair[0]) || rle_check(&back) != 0;
		double want[4], have[4];
		naive_box(want, &a);
		rle_box(have, &pair[0]);
		box += memcmp(want, have, sizeof want) != 0;
		area += rle_area(&pair[0]) != (uint32_t)counted;
		merged += rle_union(&got, pair, 2, &arena) != 0 || !same(&got, &whole);
		struct rle_edges x = edges_of(&pair[0]), y = edges_of(&pair[1]);
		overlap += rle_overlap(&x, &y, false) != (both == 0 ? 0 : (double)both / either);
		crowd += rle_overlap(&x, &y, true) != (both == 0 ? 0 : (double)both / counted);
		arena_reset(&arena);
	}
	is_int(text, 0, "runs survive the text");
	is_int(area, 0, "area");
	is_int(box, 0, "box");
	is_int(merged, 0, "union");
	is_int(overlap, 0, "overlap");
	is_int(crowd, 0, "overlap with a crowd");
}

/* The rule as it is told: every step of the outline, one after the other; a toggle below each crossing. */
static struct bitmap naive_polygon(const double *xy, int n, int h, int w)
{
	struct bitmap b = { .h = h, .w = w };
	int toggles[MAX_SIDE * MAX_SIDE + 1] = { 0 };
	bool have_last = false;
	int last_u = 0, last_v = 0;
	for (int i = 0; i < n; i++) {
		const double *p = &xy[2 * i], *q = &xy[2 * ((i + 1) % n)];
		int a[2] = { (int)(5 * p[0] + .5), (int)(5 * p[1] + .5) }, c[2] = { (int)(5 * q[0] + .5), (int)(5 * q[1] + .5) };
		int m = abs(c[0] - a[0]) >= abs(c[1] - a[1]) ? 0 : 1;
		int length = abs(c[m] - a[m]), *low = a[m] <= c[m] ? a : c, *high = low == a ? c : a;
		double slope = (double)(high[1 - m] - low[1 - m]) / length;
		for (int k = 0; k <= length; k++) {
			int t = low == a ? k : length - k, place[2];
			place[m] = low[m] + t;
			place[1 - m] = length == 0 ? low[1 - m] : (int)(low[1 - m] + slope * t + .5);
			int u = place[0], v = place[1], left = u < last_u ? u : last_u, top = v < last_v ? v : last_v;
			/* Between the steps 5x + 2 and 5x + 3 lies the middle of column x. */
			if (have_last && u != last_u && left >= 0 && left % 5 == 2 && left / 5 < w) {
				double y = ceil((top + .5) / 5 - .5);
				toggles[left / 5 * h + (int)(y < 0 ? 0 : y > h ? h : y)] ^= 1;
			}
			have_last = true;
			last_u = u;
			last_v = v;
		}
	}
	int now = 0;
	for (int i = 0; i < h * w; i++)
		b.inside[i] = (unsigned char)(now ^= toggles[i]);
	return b;
}

static double coordinate(int side, int kind)
{
	double x = kind == 0 ? uniform(-2 * side, 3 * side) : kind == 1 ? uniform(-side - 5, -1) : uniform(-.2 * side, 1.2 * side);
	return below(3) == 0 ? floor(x) : below(3) == 0 ? floor(x) + .5 : below(2) == 0 ? floor(x * 10) / 10 : x;
}

static void test_polygons(void)
{
	int wrong = 0, drawn = 0;
	for (int round = 0; round < 6000; round++) {
		int h = 1 + below(MAX_SIDE), w = 1 + below(MAX_SIDE), n = below(12), kind = below(6);
		double xy[24];
		for (int i = 0; i < 2 * n; i++) {
			xy[i] = coordinate(i % 2 == 0 ? w : h, kind);
			if (i >= 2 && below(6) == 0)
				xy[i] = xy[i - 2];
		}
		struct bitmap b = naive_polygon(xy, n, h, w);
		struct rle want = from_bitmap(&b), got;
		wrong += rle_from_polygon(&got, xy, n, h, w, &arena) != 0 || !same(&got, &want);
		drawn += rle_area(&want) > 0;
		arena_reset(&arena);
	}
	is_int(wrong, 0, "polygons: inside, outside and across the image, degenerate, of few points");
	ok(drawn > 3000, "polygons: most have an inside");
}

static void fails(int status, const char *reason)
{
	if (!ok(status != 0 && strstr(err_get(), reason) != NULL, "refused: %s", reason))
		printf("# %s\n", err_get());
}

static void test_refused(void)
{
	uint32_t runs[8] = { 5, 6 };
	struct rle m = { .h = 3, .w = 4, .runs = runs }, out;
	fails(rle_expand(&m, "5"), "leave 7 of its 3 x 4 pixels");
	fails(rle_expand(&m, "5 "), "malformed in its run 1");
	fails(rle_expand(&m, "58"), "run 1 goes out of its 3 x 4 pixels");
	fails(rle_expand(&m, "5O"), "run 1 goes out of");
	m.n = 2;
	fails(rle_check(&m), "cover less than its 3 x 4");
	runs[1] = 8;
	fails(rle_check(&m), "cover more than its 3 x 4");
	m.h = m.w = 70000;
	fails(rle_check(&m), "too large");
	const double far[] = { 0, 0, 1e9, 0, 5, 5 }, corner[] = { 0, 0, 9, 0, 5, 5 };
	fails(rle_from_polygon(&out, far, 3, 10, 10, &arena), "coordinate 1e+09");
	fails(rle_from_polygon(&out, corner, 3, 0, 10, &arena), "0 x 10 pixels");
	fails(rle_from_polygon(&out, corner, 3, 50000, 50000, &arena), "50000 x 50000 pixels");
}

/* What the reference does with empty runs, worked out by hand from its rule. */
static void test_empty_runs(void)
{
	uint32_t x[] = { 2, 0, 2, 4, 2 }, y[] = { 2, 0, 1, 5, 2 }, z[] = { 2, 3, 0, 3, 2 }, tail[] = { 6, 4, 0, 0 };
	struct rle a = { 5, 2, 5, x }, b = { 5, 2, 5, y }, c = { 5, 2, 5, z }, d = { 5, 2, 4, tail };
	struct rle_edges ea = edges_of(&a), eb = edges_of(&b), ec = edges_of(&c);
	ok(rle_overlap(&ea, &eb, false) == 0, "empty runs at one place of both masks end the comparison");
	ok(rle_overlap(&ea, &ec, false) == 4.0 / 6, "at different places they do not");
	double box[4];
	rle_box(box, &a);
	ok(box[0] == 0 && box[1] == 0 && box[2] == 2 && box[3] == 5, "a box around an empty run's place");
	rle_box(box, &d);
	ok(box[2] == 2 && box[3] == 5, "an empty run at the end lies behind the mask");
}

int main(void)
{
	arena_init(&arena, 1 << 20);
	rng = rng_make(4);
	test_bitmaps();
	test_polygons();
	test_refused();
	test_empty_runs();
	arena_release(&arena);
	return tap_done();
}
