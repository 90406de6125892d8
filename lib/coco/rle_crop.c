#include "coco/rle_crop.h"

#include <string.h>

void rle_crop_around(struct rle_crop *c, const struct rle_edges *m)
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
	*c = (struct rle_crop){ .w = 0 };
	if (right > left)
		*c = (struct rle_crop){ .x = left, .y = top, .w = right - left, .h = bottom - top };
}

void rle_crop_paint(struct rle_crop *c, const struct rle_edges *m)
{
	for (int64_t i = 0; i + 1 < m->n; i += 2)
		for (int64_t at = m->end[i], end = m->end[i + 1]; at < end;) {
			int64_t x = at / m->h, next = (x + 1) * m->h < end ? (x + 1) * m->h : end;
			memset(c->inside + (x - c->x) * c->h + (at % m->h - c->y), 1, (size_t)(next - at));
			at = next;
		}
}

/* Returns the number of runs. With out NULL they are only counted. */
static int64_t put_runs(uint32_t *out, const struct rle_crop *c, int32_t h, int32_t w)
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

int rle_crop_runs(struct rle *out, const struct rle_crop *c, int32_t h, int32_t w, struct arena *a)
{
	*out = (struct rle){ .h = h, .w = w, .n = put_runs(NULL, c, h, w) };
	out->runs = arena_alloc(a, (size_t)out->n * sizeof *out->runs);
	if (out->runs == NULL)
		return -1;
	put_runs(out->runs, c, h, w);
	return 0;
}
