/*
 * The polygon rasteriser against a slow one that keeps a bit for every pixel. The input is height, width, the step of the
 * coordinates, and coordinates of two bytes each.
 */
#include "fuzz.h"

#include "coco/rle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_POINTS = 1024, MAX_PIXELS = 256 * 256 };

struct picture {
	int h, w;
	uint8_t turn[MAX_PIXELS + 1];	/* down the columns: from here on the other side of the outline */
};

/* One step of the outline on the grid of fifths. */
static void cross(struct picture *p, const int from[2], const int to[2])
{
	double column = (fmin(from[0], to[0]) + 0.5) / 5 - 0.5;
	if (from[0] == to[0] || column != floor(column) || column < 0 || column > p->w - 1)
		return;
	double row = ceil(fmin(fmax((fmin(from[1], to[1]) + 0.5) / 5 - 0.5, 0), p->h));
	p->turn[(int64_t)column * p->h + (int64_t)row] ^= 1;
}

static void trace(struct picture *p, const int a[2], const int b[2], int last[2])
{
	int across = abs(b[0] - a[0]) >= abs(b[1] - a[1]) ? 0 : 1;
	const int *low = a[across] <= b[across] ? a : b, *high = low == a ? b : a;
	int steps = high[across] - low[across];
	double slope = steps == 0 ? 0 : (double)(high[!across] - low[!across]) / steps;
	for (int i = 0; i <= steps; i++) {
		int k = low == a ? i : steps - i, point[2];
		point[across] = low[across] + k;
		point[!across] = steps == 0 ? low[!across] : (int)(low[!across] + slope * k + 0.5);
		cross(p, last, point);
		memcpy(last, point, sizeof point);
	}
}

static void draw(struct picture *p, const double *xy, int64_t n)
{
	memset(p->turn, 0, sizeof p->turn);
	int a[2] = { (int)(5 * xy[0] + 0.5), (int)(5 * xy[1] + 0.5) }, last[2] = { a[0], a[1] };
	for (int64_t i = 1; i <= n; i++) {
		int b[2] = { (int)(5 * xy[2 * (i % n)] + 0.5), (int)(5 * xy[2 * (i % n) + 1] + 0.5) };
		trace(p, a, b, last);
		memcpy(a, b, sizeof a);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct picture picture;
	static double xy[2 * MAX_POINTS];
	if (size < 7 || (size - 3) / 4 > MAX_POINTS)
		return 0;
	int64_t n = (int64_t)(size - 3) / 4;
	picture.h = data[0] + 1;
	picture.w = data[1] + 1;
	for (int64_t i = 0; i < 2 * n; i++)
		xy[i] = (int16_t)(data[3 + 2 * i] | data[4 + 2 * i] << 8) / (4 + data[2] / 4.0);
	struct arena arena;
	struct rle mask;
	arena_init(&arena, 1 << 16);
	if (rle_from_polygon(&mask, xy, n, picture.h, picture.w, &arena) != 0 || rle_check(&mask) != 0)
		abort();
	draw(&picture, xy, n);
	int64_t at = 0;
	uint8_t inside = 0;
	for (int64_t i = 0; i < mask.n; i++)
		for (uint32_t k = 0; k < mask.runs[i]; k++) {
			inside ^= picture.turn[at++];
			if (inside != i % 2)
				abort();
		}
	arena_release(&arena);
	return 0;
}
