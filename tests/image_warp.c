/* Affine maps of images, painting and colours: against loops over single pixels, and the same bytes at every instruction level. */
#include "base/isa.h"
#include "base/rng.h"
#include "image/warp.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

static struct tensor noise(int w, int h, struct rng *g)
{
	struct tensor t;
	if (tensor_new(&t, &arena, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }) != 0)
		abort();
	for (size_t i = 0; i < tensor_bytes(&t); i++)
		((uint8_t *)t.data)[i] = (uint8_t)rng_u64(g);
	return t;
}

static double between(struct rng *g, double low, double high)
{
	return low + (high - low) * rng_uniform(g);
}

/* Any map about the middle of the image that does not make it too small. */
static void any_map(double m[6], int w, int h, struct rng *g)
{
	double turn = between(g, -3.2, 3.2), scale = between(g, 0.6, 2.5), shear = between(g, -0.5, 0.5);
	double a = scale * cos(turn), b = scale * (sin(turn) + shear), c = -scale * sin(turn), d = scale * cos(turn);
	double x = between(g, 0, w), y = between(g, 0, h);
	memcpy(m, (const double[6]){ a, b, x - a * w / 2 - b * h / 2, c, d, y - c * w / 2 - d * h / 2 }, 6 * sizeof *m);
}

static void test_spans(void)
{
	enum { W = 40, H = 30, ROUNDS = 200 };
	struct rng g = rng_make(1);
	int wrong = 0;
	for (int i = 0; i < ROUNDS; i++) {
		double m[6], rect[4] = { between(&g, -9, 20), between(&g, -9, 20), between(&g, 0, 45), between(&g, 0, 45) };
		any_map(m, W, H, &g);
		if (i % 5 == 0)
			memcpy(m, (const double[6]){ 1, 0, floor(m[2]), 0, 1, floor(m[5]) }, sizeof m);
		for (int y = 0; y < H; y++) {
			int first, end, inside = 0;
			affine_row_span(&first, &end, m, rect, y, W);
			for (int x = 0; x < W; x++) {
				double u = x + 0.5, v = y + 0.5;
				affine_point(m, &u, &v);
				bool in = u >= rect[0] && u < rect[2] && v >= rect[1] && v < rect[3];
				wrong += in != (x >= first && x < end);
				inside += in;
			}
			wrong += inside != end - first;
		}
	}
	is_int(wrong, 0, "spans of rows are the pixels whose centres lie inside");
}

static double sample_at(const struct tensor *t, double u, double v, int c)
{
	int w = (int)t->dim[1], h = (int)t->dim[0];
	double x = fmin(fmax(u - 0.5, 0), w - 1), y = fmin(fmax(v - 0.5, 0), h - 1);
	int x0 = (int)x, y0 = (int)y, x1 = x0 + 1 < w ? x0 + 1 : x0, y1 = y0 + 1 < h ? y0 + 1 : y0;
	const uint8_t *p = t->data;
	double top = p[(y0 * w + x0) * 3 + c] * (1 - x + x0) + p[(y0 * w + x1) * 3 + c] * (x - x0);
	double bottom = p[(y1 * w + x0) * 3 + c] * (1 - x + x0) + p[(y1 * w + x1) * 3 + c] * (x - x0);
	return top * (1 - y + y0) + bottom * (y - y0);
}

/* The largest difference from bilinear interpolation in double precision; 999 where a pixel from outside was touched. */
static double difference(const struct tensor *out, const struct tensor *in, const double to_out[6])
{
	double back[6], worst = 0;
	int w = (int)out->dim[1], h = (int)out->dim[0];
	affine_invert(back, to_out);
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++) {
			double u = x + 0.5, v = y + 0.5;
			const uint8_t *got = (const uint8_t *)out->data + (y * w + x) * 3;
			affine_point(back, &u, &v);
			bool inside = u >= 0 && v >= 0 && u < (double)in->dim[1] && v < (double)in->dim[0];
			for (int c = 0; c < 3; c++)
				worst = fmax(worst, inside ? fabs(got[c] - sample_at(in, u, v, c)) : got[c] == 77 ? 0 : 999);
		}
	return worst;
}

static void test_warp(void)
{
	static const int sizes[][2] = { { 50, 40 }, { 200, 31 }, { 3, 2 }, { 2, 9 }, { 1, 1 }, { 5, 1 } };
	struct rng g = rng_make(2);
	double worst = 0;
	for (int i = 0; i < 120; i++) {
		struct image_turn turn = image_turn_of_exif(1 + i % 8);
		int w = sizes[i % 6][0], h = sizes[i % 6][1];
		struct tensor in = noise(w, h, &g), out = noise(90, 70, &g);
		struct image_region region = image_region_of(&out);
		struct image_source source;
		double m[6], whole[6];
		memset(out.data, 77, tensor_bytes(&out));
		image_turn_affine(whole, turn, w, h);
		any_map(m, turn.transpose ? h : w, turn.transpose ? w : h, &g);
		if (image_source_pixels(&source, &in, w, h) != 0 ||
		    image_warp(&region, &source, turn, m, NULL, &arena) != 0)
			abort();
		affine_compose(whole, m, whole);
		worst = fmax(worst, difference(&out, &in, whole));
		arena_reset(&arena);
	}
	/* Weights of 8 bits in two directions, and rounding. */
	ok(worst < 255 * 2 / 256.0 + 0.51, "bilinear, turned in eight ways, within %.2f", worst);
}

/* What is much too large is averaged first: stripes of one pixel become grey, a flat image stays flat. */
static void test_shrink(void)
{
	enum { W = 400, H = 320 };
	struct rng g = rng_make(3);
	struct tensor in = noise(W, H, &g), out = noise(60, 50, &g);
	struct image_region region = image_region_of(&out);
	struct image_source source;
	double m[6] = { 0.12, 0.01, 4, -0.01, 0.12, 6 };
	uint8_t *p = in.data, *q = out.data;
	int low = 255, high = 0;
	for (int i = 0; i < W * H * 3; i++)
		p[i] = i / 3 % W % 2 == 0 ? 255 : 0;
	if (image_source_pixels(&source, &in, W, H) != 0 ||
	    image_warp(&region, &source, (struct image_turn){ 0 }, m, NULL, &arena) != 0)
		abort();
	for (int y = 15; y < 35; y++)
		for (int x = 15; x < 45; x++) {
			low = q[(y * 60 + x) * 3] < low ? q[(y * 60 + x) * 3] : low;
			high = q[(y * 60 + x) * 3] > high ? q[(y * 60 + x) * 3] : high;
		}
	ok(low >= 127 && high <= 128, "stripes become %d to %d", low, high);
}

static void test_paint(void)
{
	struct rng g = rng_make(4);
	int wrong = 0;
	const uint8_t rgb[3] = { 9, 8, 7 };
	for (int i = 0; i < 50; i++) {
		struct tensor inside = noise(41, 33, &g), outside = inside;
		double m[6], back[6], rect[4] = { 3, 4, 25, 20.5 };
		any_map(m, 41, 33, &g);
		affine_invert(back, m);
		memset(inside.data, 1, tensor_bytes(&inside));
		outside = noise(41, 33, &g);
		memset(outside.data, 1, tensor_bytes(&outside));
		struct image_region one = image_region_of(&inside), two = image_region_of(&outside);
		image_paint_inside(&one, m, rect, rgb);
		image_paint_outside(&two, m, rect, rgb);
		for (int k = 0; k < 41 * 33; k++) {
			double u = k % 41 + 0.5, v = k / 41 + 0.5;
			affine_point(back, &u, &v);
			bool in = u >= rect[0] && u < rect[2] && v >= rect[1] && v < rect[3];
			wrong += memcmp(one.rgb + 3 * k, in ? rgb : (const uint8_t[]){ 1, 1, 1 }, 3) != 0;
			wrong += memcmp(two.rgb + 3 * k, in ? (const uint8_t[]){ 1, 1, 1 } : rgb, 3) != 0;
		}
		arena_reset(&arena);
	}
	is_int(wrong, 0, "painting inside and outside of a moved rectangle");
}

ISA_DECLARE(void, warp_row, (uint8_t *out, const uint8_t *source, size_t stride, const int size[2], const int from[2],
			     const int32_t fraction[2], const int32_t step[2], int n))
ISA_DECLARE(void, saturate_row, (uint8_t *rgb, float factor, int n))
ISA_DECLARE(void, saturate_row_tf, (uint8_t *rgb, float factor, int n))
ISA_DECLARE(void, sharpen_row, (uint8_t *out, const uint8_t *above, const uint8_t *here, const uint8_t *below,
				float factor, int rounding, int n))

static void test_levels(void)
{
	enum { W = 70, H = 20 };
	struct rng g = rng_make(5);
	int warp = 0, colour = 0, sharp = 0;
	for (int i = 0; i < 300; i++) {
		struct tensor in = noise(W, H, &g), a = noise(64, 1, &g), b = a;
		int n = 1 + (int)rng_below(&g, 64);
		const int size[2] = { W, H }, from[2] = { (int)rng_below(&g, W), (int)rng_below(&g, H) };
		const int32_t part[2] = { (int32_t)rng_below(&g, 65536), (int32_t)rng_below(&g, 65536) };
		const int32_t step[2] = { (int32_t)rng_below(&g, 131072) - 65536, (int32_t)rng_below(&g, 131072) - 65536 };
		float factor = (float)between(&g, 0, 2);
		b = noise(64, 1, &g);
		memcpy(b.data, a.data, tensor_bytes(&a));
		warp_row_base(a.data, in.data, W * 3, size, from, part, step, n);
		ISA_PICK(warp_row)(b.data, in.data, W * 3, size, from, part, step, n);
		warp += memcmp(a.data, b.data, tensor_bytes(&a)) != 0;
		saturate_row_base(a.data, factor, n);
		ISA_PICK(saturate_row)(b.data, factor, n);
		saturate_row_tf_base(a.data, factor, n);
		ISA_PICK(saturate_row_tf)(b.data, factor, n);
		colour += memcmp(a.data, b.data, tensor_bytes(&a)) != 0;
		const uint8_t *rows = in.data;
		sharpen_row_base(a.data, rows, rows + 3 * W, rows + 6 * W, factor, 6 * (i % 2), 3 * n);
		ISA_PICK(sharpen_row)(b.data, rows, rows + 3 * W, rows + 6 * W, factor, 6 * (i % 2), 3 * n);
		sharp += memcmp(a.data, b.data, tensor_bytes(&a)) != 0;
		arena_reset(&arena);
	}
	const char *name = isa_name(isa_level());
	ok(warp == 0 && colour == 0 && sharp == 0, "%s gives the bytes of base: warp, saturation, sharpness", name);
}

int main(void)
{
	arena_init(&arena, 1 << 18);
	test_spans();
	test_warp();
	test_shrink();
	test_paint();
	test_levels();
	arena_release(&arena);
	return tap_done();
}
