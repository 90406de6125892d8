/* Resizing against the definition in doubles; every instruction level gives the same bytes. */
#include "base/isa.h"
#include "base/rng.h"
#include "image/resize.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;

static void random_image(struct tensor *t, int w, int h, uint64_t seed)
{
	struct rng g = rng_make(seed);
	if (tensor_new(t, &arena, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }) != 0)
		abort();
	uint8_t *p = t->data;
	for (int64_t i = 0; i < tensor_count(t); i++)
		p[i] = rng_below(&g, 4) == 0 ? (uint8_t)(rng_below(&g, 2) * 255) : (uint8_t)rng_u64(&g);
}

/* How much source pixel `from` counts in output pixel `to`, not normalised. */
static double share(int to, int from, double ratio)
{
	double radius = ratio > 1 ? ratio : 1;
	double distance = fabs(from + 0.5 - (to + 0.5) * ratio) / radius;
	return distance < 1 ? 1 - distance : 0;
}

static double naive(const struct tensor *in, int x, int y, int c, double ratio_x, double ratio_y)
{
	double sum = 0, total = 0;
	for (int j = 0; j < in->dim[0]; j++) {
		double wy = share(y, j, ratio_y);
		for (int i = 0; wy > 0 && i < in->dim[1]; i++) {
			double w = wy * share(x, i, ratio_x);
			sum += w * ((const uint8_t *)in->data)[(j * in->dim[1] + i) * 3 + c];
			total += w;
		}
	}
	return sum / total;
}

static void test_size(int w, int h, int to_w, int to_h)
{
	struct tensor in, out;
	double worst = 0;
	arena_reset(&arena);
	random_image(&in, w, h, (uint64_t)(w * 31 + to_w));
	if (!ok(image_resize(&out, &in, to_w, to_h, &arena) == 0, "%dx%d to %dx%d", w, h, to_w, to_h))
		return;
	for (int y = 0; y < to_h; y++)
		for (int x = 0; x < to_w; x++)
			for (int c = 0; c < 3; c++) {
				double want = naive(&in, x, y, c, (double)w / to_w, (double)h / to_h);
				double got = ((uint8_t *)out.data)[(y * to_w + x) * 3 + c];
				worst = fmax(worst, fabs(got - want));
			}
	ok(worst < 0.6, "is within rounding of the definition: %.3f", worst);
}

/* A part of the scaled image, mirrored or not, computed from no more of the source than the axes ask for. */
static void test_windows(void)
{
	struct rng g = rng_make(5);
	int wrong = 0;
	for (int i = 0; i < 200; i++) {
		struct tensor in, whole, part;
		struct resize_axis x, y;
		arena_reset(&arena);
		int w = 1 + (int)rng_below(&g, 60), h = 1 + (int)rng_below(&g, 60);
		int scaled_w = 1 + (int)rng_below(&g, 90), scaled_h = 1 + (int)rng_below(&g, 90);
		int left = (int)rng_below(&g, (uint64_t)scaled_w), top = (int)rng_below(&g, (uint64_t)scaled_h);
		int n = 1 + (int)rng_below(&g, (uint64_t)(scaled_w - left)), m = 1 + (int)rng_below(&g, (uint64_t)(scaled_h - top));
		bool mirror_x = rng_below(&g, 2), mirror_y = rng_below(&g, 2);
		random_image(&in, w, h, (uint64_t)i);
		if (image_resize(&whole, &in, scaled_w, scaled_h, &arena) != 0 ||
		    resize_axis_init(&x, w, w, scaled_w, left, n, mirror_x, &arena) != 0 ||
		    resize_axis_init(&y, h, h, scaled_h, top, m, mirror_y, &arena) != 0 ||
		    tensor_new(&part, &arena, DTYPE_U8, 3, (int64_t[]){ m, n, 3 }) != 0)
			abort();
		/* What is outside of the needed part is made unlike anything. */
		uint8_t *p = in.data;
		for (int64_t k = 0; k < tensor_count(&in); k++) {
			int64_t column = k / 3 % w, row = k / 3 / w;
			if (column < x.first || column >= x.end || row < y.first || row >= y.end)
				p[k] = (uint8_t)~p[k];
		}
		struct image_tile tile = { .rgb = in };
		if (resize_window(part.data, (size_t)n * 3, &tile, &x, &y, &arena) != 0)
			abort();
		for (int64_t k = 0; k < tensor_count(&part); k++) {
			int64_t column = k / 3 % n, row = k / 3 / n;
			column = left + (mirror_x ? n - 1 - column : column);
			row = top + (mirror_y ? m - 1 - row : row);
			wrong += ((uint8_t *)part.data)[k] !=
				 ((uint8_t *)whole.data)[(row * scaled_w + column) * 3 + k % 3];
		}
	}
	is_int(wrong, 0, "windows equal the same part of the whole and need no other pixels");
}

static void test_axis(void)
{
	struct resize_axis axis;
	int wrong = 0;
	for (int source = 1; source < 400; source += 7)
		for (int scaled = 1; scaled < 300; scaled += 11) {
			arena_reset(&arena);
			if (resize_axis_init(&axis, source, source, scaled, 0, scaled, false, &arena) != 0)
				abort();
			for (int i = 0; i < scaled; i++) {
				int sum = 0;
				for (int k = 0; k < axis.taps; k++)
					sum += axis.weight[i * axis.taps + k];
				wrong += sum != RESIZE_WEIGHT_ONE || axis.at[i] < 0 || axis.at[i] + axis.taps > source;
			}
		}
	is_int(wrong, 0, "weights add up to one and lie inside the source");
	if (resize_axis_init(&axis, 60000, 60000, 1, 0, 1, false, &arena) != 0)
		abort();
	for (int k = 0; k < axis.taps; k++)
		wrong += axis.weight[k] < 0;
	is_int(wrong, 0, "60000 pixels into one: no weight is negative");
}

ISA_DECLARE(void, resize_columns, (int16_t *out, const uint8_t *source, size_t stride, const int16_t *weight, int taps,
				   int n))
ISA_DECLARE(void, resize_row, (uint8_t *out, const int16_t *row, const int32_t *at, const int32_t *weight, int pairs,
			       int n))

enum { N = 333, MOST_TAPS = 7 };

/* A row of n pixels, from pixels anywhere in it, by the two levels and by definition. */
static int row_differs(const int16_t *row, int taps, int n, struct rng *g)
{
	uint8_t naive[N], out[2][N];
	int32_t weight[(MOST_TAPS + 1) / 2 * N] = { 0 }, at[N];
	int pairs = (taps + 1) / 2;
	for (int i = 0; i < n; i++) {
		int32_t sum[3] = { 1 << 19, 1 << 19, 1 << 19 };
		at[i] = 3 * (int32_t)rng_below(g, (uint64_t)(N / 3 - taps + 1));
		for (int k = 0, left = RESIZE_WEIGHT_ONE; k < taps; k++) {
			int part = k == taps - 1 ? left : (int)rng_below(g, (uint64_t)left + 1);
			weight[k / 2 * n + i] |= part << 16 * (k % 2);
			for (int c = 0; c < 3; c++)
				sum[c] += part * row[at[i] + 3 * k + c];
			left -= part;
		}
		for (int c = 0; c < 3; c++)
			naive[3 * i + c] = (uint8_t)(sum[c] >> 20);
	}
	resize_row_base(out[0], row, at, weight, pairs, n);
	ISA_PICK(resize_row)(out[1], row, at, weight, pairs, n);
	return memcmp(out[0], naive, (size_t)n * 3) != 0 || memcmp(out[1], naive, (size_t)n * 3) != 0;
}

static void test_levels(void)
{
	enum { TAPS = 5 };
	static uint8_t source[TAPS * N];
	static int16_t row[2][N + 8], weight[TAPS] = { 1000, 0, 12000, 3000, 384 };
	struct rng g = rng_make(9);
	int differs = 0;
	for (int i = 0; i < TAPS * N; i++)
		source[i] = rng_below(&g, 9) == 0 ? 255 : (uint8_t)rng_u64(&g);
	resize_columns_base(row[0], source, N, weight, TAPS, N);
	ISA_PICK(resize_columns)(row[1], source, N, weight, TAPS, N);
	ok(memcmp(row[0], row[1], sizeof row[0]) == 0, "columns: %s gives the bytes of base", isa_name(isa_level()));
	for (int taps = 1; taps <= MOST_TAPS; taps++)
		for (int n = 1; n <= N / 3; n++)
			differs += row_differs(row[1], taps, n, &g);
	ok(differs == 0, "rows: base and %s give the sums (%d differ)", isa_name(isa_level()), differs);
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	test_size(40, 30, 20, 15);
	test_size(40, 30, 80, 45);
	test_size(37, 23, 31, 29);
	test_size(100, 7, 3, 50);
	test_size(1, 1, 9, 9);
	test_size(64, 48, 64, 20);
	test_size(48, 64, 7, 64);
	test_size(50, 50, 1, 1);
	test_windows();
	test_axis();
	test_levels();
	arena_release(&arena);
	return tap_done();
}
