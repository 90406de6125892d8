#include "coco/rle.h"

#include <string.h>

/* The part of a mask around what is inside, down the columns. */
struct crop {
	int64_t x, y, w, h;
	uint8_t *inside;	/* [w h] */
	uint8_t *upright;	/* [w h] d pixels above and below are inside too */
};

/* The columns and rows that runs touch; empty when nothing is inside. */
static void crop_around(struct crop *c, const struct rle_edges *m)
{
	int64_t left = m->w, right = 0, top = m->h, bottom = 0;
	for (int64_t i = 0; i + 1 < m->n; i += 2) {
		int64_t begin = m->end[i], end = m->end[i + 1];
		if (begin == end)
			continue;
		int64_t first = begin / m->h, last = (end - 1) / m->h;
		int64_t above = first == last ? begin % m->h : 0, below = first == last ? (end - 1) % m->h + 1 : m->h;
		left = first < left ? first : left;
		right = last + 1 > right ? last + 1 : right;
		top = above < top ? above : top;
		bottom = below > bottom ? below : bottom;
	}
	*c = (struct crop){ .x = left, .y = top, .w = right > left ? right - left : 0, .h = bottom > top ? bottom - top : 0 };
}

static void paint(struct crop *c, const struct rle_edges *m)
{
	for (int64_t i = 0; i + 1 < m->n; i += 2)
		for (int64_t at = m->end[i], end = m->end[i + 1]; at < end;) {
			int64_t x = at / m->h, next = (x + 1) * m->h < end ? (x + 1) * m->h : end;
			memset(c->inside + (x - c->x) * c->h + (at % m->h - c->y), 1, (size_t)(next - at));
			at = next;
		}
}

/* Take out of `inside` what has d pixels on all sides: first along the columns, then, of what is left, along the rows. */
static void hollow(struct crop *c, int64_t d, int32_t *run)
{
	for (int64_t x = 0; x < c->w; x++) {
		const uint8_t *column = c->inside + x * c->h;
		int64_t length = 0;
		for (int64_t y = 0; y < c->h; y++) {
			length = column[y] != 0 ? length + 1 : 0;
			if (length > 2 * d)
				c->upright[x * c->h + y - d] = 1;
		}
	}
	for (int64_t x = 0; x < c->w; x++)
		for (int64_t y = 0; y < c->h; y++) {
			run[y] = c->upright[x * c->h + y] != 0 ? run[y] + 1 : 0;
			if (run[y] > 2 * d)
				c->inside[(x - d) * c->h + y] = 0;
		}
}

/* Runs of the crop in its image; returns their number. With out NULL they are only counted. */
static int64_t put_runs(uint32_t *out, const struct crop *c, int32_t h, int32_t w)
{
	int64_t n = 0, since = 0, at = 0;
	bool inside = false;
	for (int64_t x = 0; x < c->w; x++)
		for (int64_t y = 0; y <= c->h; y++) {
			bool now = y < c->h && c->inside[x * c->h + y] != 0;
			at = (c->x + x) * h + c->y + y;
			/* Below the crop is outside, unless the next column begins there at once, or the image ends. */
			if (y == c->h && ((c->h == h && x + 1 < c->w) || at == (int64_t)h * w))
				continue;
			if (now == inside)
				continue;
			if (out != NULL)
				out[n] = (uint32_t)(at - since);
			n++;
			since = at;
			inside = now;
		}
	if (out != NULL)
		out[n] = (uint32_t)((int64_t)h * w - since);
	return n + 1;
}

int rle_boundary(struct rle *out, const struct rle_edges *m, int d, struct arena *a)
{
	struct crop c;
	crop_around(&c, m);
	c.inside = arena_calloc(a, (size_t)(c.w * c.h), 1);
	c.upright = arena_calloc(a, (size_t)(c.w * c.h), 1);
	int32_t *run = arena_calloc(a, (size_t)c.h, sizeof *run);
	if (c.inside == NULL || c.upright == NULL || run == NULL)
		return -1;
	paint(&c, m);
	hollow(&c, d, run);
	*out = (struct rle){ .h = m->h, .w = m->w, .n = put_runs(NULL, &c, m->h, m->w) };
	out->runs = arena_alloc(a, (size_t)out->n * sizeof *out->runs);
	if (out->runs == NULL)
		return -1;
	put_runs(out->runs, &c, m->h, m->w);
	return 0;
}
