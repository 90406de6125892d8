/* Turns, windows and mirrors in one pass against doing each of them by hand. */
#include "base/rng.h"
#include "image/render.h"
#include "image/resize.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;

static struct tensor new_image(int w, int h)
{
	struct tensor t;
	if (tensor_new(&t, &arena, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }) != 0)
		abort();
	return t;
}

static uint8_t *pixel(const struct tensor *t, int64_t x, int64_t y)
{
	return (uint8_t *)t->data + (y * t->dim[1] + x) * 3;
}

static struct tensor random_image(int w, int h, struct rng *g)
{
	struct tensor t = new_image(w, h);
	for (int64_t i = 0; i < tensor_count(&t); i++)
		((uint8_t *)t.data)[i] = (uint8_t)rng_u64(g);
	return t;
}

/* One step of what the EXIF standard says, written down one by one: rotate clockwise, mirror. */
static struct tensor rotate(const struct tensor *in)
{
	int w = (int)in->dim[1], h = (int)in->dim[0];
	struct tensor out = new_image(h, w);
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++)
			memcpy(pixel(&out, h - 1 - y, x), pixel(in, x, y), 3);
	return out;
}

static struct tensor mirror(const struct tensor *in)
{
	int w = (int)in->dim[1], h = (int)in->dim[0];
	struct tensor out = new_image(w, h);
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++)
			memcpy(pixel(&out, w - 1 - x, y), pixel(in, x, y), 3);
	return out;
}

/* Quarter turns clockwise, and a mirror before them, for orientations 1..8. */
static const struct { int turns; bool mirror; } upright[9] = {
	[1] = { 0, false }, [2] = { 0, true }, [3] = { 2, false }, [4] = { 2, true },
	[5] = { 3, true }, [6] = { 1, false }, [7] = { 1, true }, [8] = { 3, false },
};

static struct tensor turn_by_hand(const struct tensor *in, int orientation)
{
	struct tensor t = upright[orientation].mirror ? mirror(in) : *in;
	for (int i = 0; i < upright[orientation].turns; i++)
		t = rotate(&t);
	return t;
}

static int difference(const struct tensor *a, const struct tensor *b)
{
	int worst = 0;
	if (!tensor_same_shape(a, b))
		return 1000;
	for (int64_t i = 0; i < tensor_count(a); i++) {
		int d = abs(((uint8_t *)a->data)[i] - ((uint8_t *)b->data)[i]);
		worst = d > worst ? d : worst;
	}
	return worst;
}

static void test_orientations(void)
{
	struct rng g = rng_make(3);
	for (int o = 1; o <= 8; o++)
		for (int flip = 0; flip <= 1; flip++) {
			arena_reset(&arena);
			struct tensor in = random_image(23, 37, &g), want = turn_by_hand(&in, o);
			struct tensor got = new_image((int)want.dim[1], (int)want.dim[0]);
			struct image_source source;
			struct image_view view = {
				.turn = image_turn_of_exif(o),
				.scaled_w = (int)want.dim[1], .scaled_h = (int)want.dim[0],
				.w = (int)want.dim[1], .h = (int)want.dim[0],
			};
			if (flip) {
				view.turn = image_turn_mirror(view.turn);
				want = mirror(&want);
			}
			if (image_source_pixels(&source, &in, 23, 37) != 0 ||
			    image_render(&got, &source, &view, &arena) != 0)
				ok(false, "%s", err_get());
			ok(difference(&got, &want) == 0, "orientation %d%s: pixels", o, flip ? " mirrored" : "");
		}
}

/* A pixel's square, moved by the affine map, is the square where the pixel went. */
static void test_affine(void)
{
	struct rng g = rng_make(4);
	for (int o = 1; o <= 8; o++) {
		int wrong = 0;
		arena_reset(&arena);
		struct tensor in = random_image(9, 5, &g), out = turn_by_hand(&in, o);
		double m[6];
		image_turn_affine(m, image_turn_of_exif(o), 9, 5);
		for (int y = 0; y < 5; y++)
			for (int x = 0; x < 9; x++) {
				double box[4] = { x, y, x + 1, y + 1 };
				affine_box(box, m, box);
				wrong += box[2] != box[0] + 1 || box[3] != box[1] + 1 || box[0] < 0 || box[1] < 0 ||
					 box[2] > (double)out.dim[1] || box[3] > (double)out.dim[0] ||
					 memcmp(pixel(&out, (int)box[0], (int)box[1]), pixel(&in, x, y), 3) != 0;
			}
		ok(wrong == 0, "orientation %d: boxes", o);
	}
	double a[6] = { 2, 0, 3, 0, 5, -1 }, b[6] = { 0, -1, 7, 1, 0, 0 }, x = 4, y = 6, u = 4, v = 6;
	double both[6];
	affine_compose(both, a, b);
	affine_point(both, &x, &y);
	affine_point(b, &u, &v);
	affine_point(a, &u, &v);
	ok(x == u && y == v && x == 5 && y == 19, "composed maps do what both do in turn");
	affine_identity(a);
	ok(affine_is_identity(a) && !affine_is_identity(b), "identity");
}

/* Any window of any scale of an encoded image: decode all, turn, resize, cut by hand. */
static void window_by_hand(struct tensor *out, const struct image_source *source, const struct image_view *view,
			   int orientation, bool flip)
{
	struct image_tile whole;
	struct tensor turned, scaled;
	if (image_decode(&whole, &source->info, source->encoded, source->encoded_size, NULL, 1, &arena) != 0)
		abort();
	turned = turn_by_hand(&whole.rgb, orientation);
	if (flip)
		turned = mirror(&turned);
	if (image_resize(&scaled, &turned, view->scaled_w, view->scaled_h, &arena) != 0)
		abort();
	*out = new_image(view->w, view->h);
	for (int y = 0; y < view->h; y++)
		for (int x = 0; x < view->w; x++)
			memcpy(pixel(out, x, y), pixel(&scaled, view->x + x, view->y + y), 3);
}

static int random_part(struct rng *g, int n, int *start)
{
	*start = (int)rng_below(g, (uint64_t)n);
	return 1 + (int)rng_below(g, (uint64_t)(n - *start));
}

static void test_windows(void)
{
	struct rng g = rng_make(6);
	int worst = 0, failed = 0;
	for (int i = 0; i < 150; i++) {
		arena_reset(&arena);
		struct tensor in = random_image(61, 83, &g), want, got;
		struct image_source source;
		uint8_t *bytes;
		size_t size;
		int orientation = 1 + (int)rng_below(&g, 8);
		bool flip = rng_below(&g, 2);
		/* Not below half of the size: there the decoder is asked for less, see test_reduction(). */
		struct image_view view = { .scaled_w = 45 + (int)rng_below(&g, 80), .scaled_h = 45 + (int)rng_below(&g, 80) };
		view.turn = image_turn_of_exif(orientation);
		if (flip)
			view.turn = image_turn_mirror(view.turn);
		view.w = random_part(&g, view.scaled_w, &view.x);
		view.h = random_part(&g, view.scaled_h, &view.y);
		if (jpeg_encode(&bytes, &size, &in, 95, &arena) != 0 || image_source_encoded(&source, bytes, size) != 0)
			abort();
		window_by_hand(&want, &source, &view, orientation, flip);
		got = new_image(view.w, view.h);
		failed += image_render(&got, &source, &view, &arena) != 0;
		int d = difference(&got, &want);
		worst = d > worst ? d : worst;
	}
	ok(failed == 0 && worst <= 1, "150 windows, turned, mirrored, scaled: within %d of doing it step by step", worst);
}

/* At exactly half, a quarter and an eighth of the size the decoder's own picture is the result. */
static void test_reduction(void)
{
	struct rng g = rng_make(8);
	for (int reduction = 2; reduction <= 8; reduction *= 2) {
		arena_reset(&arena);
		struct tensor in = random_image(160, 96, &g), got = new_image(160 / reduction, 96 / reduction);
		struct image_view view = { .scaled_w = 160 / reduction, .scaled_h = 96 / reduction,
					   .w = 160 / reduction, .h = 96 / reduction };
		struct image_source source;
		struct image_tile tile;
		uint8_t *bytes;
		size_t size;
		if (jpeg_encode(&bytes, &size, &in, 95, &arena) != 0 ||
		    image_source_encoded(&source, bytes, size) != 0 ||
		    image_decode(&tile, &source.info, bytes, size, NULL, reduction, &arena) != 0 ||
		    image_render(&got, &source, &view, &arena) != 0)
			ok(false, "%s", err_get());
		ok(difference(&got, &tile.rgb) == 0, "1/%d comes from the decoder", reduction);
	}
}

static void test_errors(void)
{
	struct rng g = rng_make(8);
	arena_reset(&arena);
	struct tensor in = random_image(10, 10, &g), out = new_image(4, 4);
	struct tensor grey = tensor_view(DTYPE_U8, 2, (int64_t[]){ 10, 10 }, in.data);
	struct image_source source;
	struct image_view view = { .scaled_w = 10, .scaled_h = 10, .x = 7, .w = 4, .h = 4 };
	ok(image_source_pixels(&source, &grey, 10, 10) != 0, "not three channels: %s", err_get());
	ok(image_source_pixels(&source, &in, 11, 10) != 0, "valid size too large: %s", err_get());
	ok(image_source_pixels(&source, &in, 10, 10) == 0 && image_render(&out, &source, &view, &arena) != 0,
	   "window outside: %s", err_get());
	view.x = 0;
	view.w = 5;
	ok(image_render(&out, &source, &view, &arena) != 0, "no room: %s", err_get());
}

int main(void)
{
	arena_init(&arena, 1 << 18);
	test_orientations();
	test_affine();
	test_windows();
	test_reduction();
	test_errors();
	arena_release(&arena);
	return tap_done();
}
