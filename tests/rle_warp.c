/* Masks and label maps moved by random maps, turns and flips are those of a naive warp. */
#include "augment/objects.h"
#include "tests/geometry.h"

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

int main(void)
{
	arena_init(&arena, 1 << 18);
	test_warp();
	test_turns();
	test_view();
	arena_release(&arena);
	return tap_done();
}
