/* Damage of five levels: what it does on average, and that it stays the same. */
#include "augment/corruption.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { SIDE = 120, N = SIDE * SIDE * 3 };

static struct arena arena;

/* All values v, corrupted; row padding must stay. */
static uint8_t *corrupted(const char *text, int v, uint64_t key)
{
	enum { STRIDE = SIDE * 3 + 7 };
	uint8_t *rgb = arena_alloc(&arena, STRIDE * SIDE), *out = arena_alloc(&arena, N);
	struct corruptions c;
	if (rgb == NULL || out == NULL || corruptions_parse(&c, text, &arena) != 0 || corruptions_draw(&c, &c, key, &arena) != 0)
		abort();
	memset(rgb, 77, STRIDE * SIDE);
	for (int y = 0; y < SIDE; y++)
		memset(rgb + y * STRIDE, v, SIDE * 3);
	if (corrupt(&(struct image_region){ rgb, STRIDE, SIDE, SIDE }, &c, &arena) != 0)
		abort();
	for (int y = 0; y < SIDE; y++) {
		memcpy(out + y * SIDE * 3, rgb + y * STRIDE, SIDE * 3);
		for (int i = SIDE * 3; i < STRIDE; i++)
			if (rgb[y * STRIDE + i] != 77)
				abort();
	}
	return out;
}

static void moments(double *mean, double *deviation, const uint8_t *p)
{
	double sum = 0, squares = 0;
	for (int i = 0; i < N; i++) {
		sum += p[i];
		squares += (double)p[i] * p[i];
	}
	*mean = sum / N;
	*deviation = sqrt(squares / N - *mean * *mean);
}

static void test_noise(const char *text, int v, double want_mean, double want_deviation)
{
	double mean, deviation;
	moments(&mean, &deviation, corrupted(text, v, 1));
	ok(fabs(mean - want_mean) < 0.7 && fabs(deviation / want_deviation - 1) < 0.02,
	   "%s on %d: mean %.1f, deviation %.2f (%.1f, %.2f)", text, v, mean, deviation, want_mean, want_deviation);
}

static void test_impulse(void)
{
	const uint8_t *p = corrupted("impulse:5", 100, 2);
	int black = 0, white = 0, same = 0;
	for (int i = 0; i < N; i++) {
		black += p[i] == 0;
		white += p[i] == 255;
		same += p[i] == 100;
	}
	ok(black + white + same == N && fabs(black / (double)N - 0.135) < 0.01 && fabs(white / (double)N - 0.135) < 0.01,
	   "impulse:5 makes %.3f black and %.3f white", black / (double)N, white / (double)N);
}

static void test_even(void)
{
	is_int(corrupted("brightness:2", 100, 1)[5], 151, "brightness:2 adds a fifth of white");
	is_int(corrupted("brightness:5", 0, 1)[5], 128, "also to black, which becomes grey");
	is_int(corrupted("brightness:5", 200, 1)[5], 255, "up to white");
	is_int(corrupted("contrast:5", 100, 1)[5], 100, "contrast leaves what is even");
	is_int(corrupted("blur:5", 100, 1)[5], 100, "so does blur");
	ok(abs(corrupted("jpeg:5", 100, 1)[5] - 100) < 12, "and nearly JPEG");
}

static void test_shape(void)
{
	uint8_t rgb[12 * 3];
	struct corruptions c;
	for (int i = 0; i < 36; i++)
		rgb[i] = i < 18 ? 40 : 60;
	rgb[0] = 10;
	if (corruptions_parse(&c, "contrast:1", &arena) != 0 ||
	    corrupt(&(struct image_region){ rgb, 36, 12, 1 }, &c, &arena) != 0)
		abort();
	/* Means are 47.5 of red and 50 of green and blue; 0.4 of the distance stays. */
	ok(rgb[0] == 33 && rgb[1] == 46 && rgb[34] == 54 && rgb[33] == 53, "contrast:1 pulls channels to their means");
	uint8_t pixel[3] = { 100, 50, 0 };
	if (corruptions_parse(&c, "brightness:2", &arena) != 0 ||
	    corrupt(&(struct image_region){ pixel, 3, 1, 1 }, &c, &arena) != 0)
		abort();
	ok(pixel[0] == 151 && pixel[1] == 76 && pixel[2] == 0, "brightness keeps the hue");
}

int main(void)
{
	arena_init(&arena, 1 << 20);
	test_noise("gaussian:1", 128, 128, 255 * 0.08);
	test_noise("gaussian:2", 128, 128, 255 * 0.12);
	test_noise("speckle:1", 100, 100, 15);
	test_noise("shot:1", 128, 128, 255 * sqrt(128 / 255. / 60));
	test_noise("shot:2", 64, 64, 255 * sqrt(64 / 255. / 25));
	test_impulse();
	test_even();
	test_shape();
	const uint8_t *a = corrupted("gaussian:3", 90, 5), *b = corrupted("gaussian:3", 90, 5), *c = corrupted("gaussian:3", 90, 6);
	ok(memcmp(a, b, N) == 0 && memcmp(a, c, N) != 0, "noise depends on the key alone");
	arena_release(&arena);
	return tap_done();
}
