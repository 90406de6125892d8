#include "coco/rle_crop.h"

/*
 * Take out of `inside` what has d pixels on all sides: first along the columns, then, of what is left, along the rows.
 * upright [w h]: d pixels above and below are inside too.
 */
static void hollow(struct rle_crop *c, uint8_t *upright, int64_t d, int32_t *run)
{
	for (int64_t x = 0; x < c->w; x++) {
		const uint8_t *column = c->inside + x * c->h;
		int64_t length = 0;
		for (int64_t y = 0; y < c->h; y++) {
			length = column[y] != 0 ? length + 1 : 0;
			if (length > 2 * d)
				upright[x * c->h + y - d] = 1;
		}
	}
	for (int64_t x = 0; x < c->w; x++)
		for (int64_t y = 0; y < c->h; y++) {
			run[y] = upright[x * c->h + y] != 0 ? run[y] + 1 : 0;
			if (run[y] > 2 * d)
				c->inside[(x - d) * c->h + y] = 0;
		}
}

int rle_boundary(struct rle *out, const struct rle_edges *m, int d, struct arena *a)
{
	struct rle_crop c;
	rle_crop_around(&c, m);
	c.inside = arena_calloc(a, (size_t)(c.w * c.h), 1);
	uint8_t *upright = arena_calloc(a, (size_t)(c.w * c.h), 1);
	int32_t *run = arena_calloc(a, (size_t)c.h, sizeof *run);
	if (c.inside == NULL || upright == NULL || run == NULL)
		return -1;
	rle_crop_paint(&c, m);
	hollow(&c, upright, d, run);
	return rle_crop_runs(out, &c, m->h, m->w, a);
}
