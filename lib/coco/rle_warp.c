#include "coco/rle_warp.h"

#include "coco/rle_crop.h"
#include "image/affine.h"

#include <math.h>
#include <string.h>

/* Runs under construction, from pieces of columns in order; pieces that touch become one. */
struct pieces {
	uint32_t *runs;
	int64_t n, room;
	int64_t end;	/* of what has runs already, in pixels */
	struct arena *a;
};

/* What is inside from begin to end, which are not before the end of the last piece. */
static int put_piece(struct pieces *p, int64_t begin, int64_t end)
{
	if (p->n > 0 && begin == p->end) {
		p->runs[p->n - 1] += (uint32_t)(end - begin);
		p->end = end;
		return 0;
	}
	if (p->n + 3 > p->room) {
		int64_t room = p->room > 0 ? 2 * p->room : 512;
		uint32_t *larger = arena_alloc(p->a, (size_t)room * sizeof *larger);
		if (larger == NULL)
			return -1;
		if (p->n > 0)
			memcpy(larger, p->runs, (size_t)p->n * sizeof *larger);
		p->runs = larger;
		p->room = room;
	}
	p->runs[p->n++] = (uint32_t)(begin - p->end);
	p->runs[p->n++] = (uint32_t)(end - begin);
	p->end = end;
	return 0;
}

static int finish_pieces(struct rle *out, struct pieces *p, const struct rle_frame *f)
{
	int64_t size = (int64_t)f->h * f->w;
	if (p->n == 0) {
		p->runs = arena_alloc(p->a, sizeof *p->runs);
		if (p->runs == NULL)
			return -1;
	}
	if (p->end < size || p->n == 0)
		p->runs[p->n++] = (uint32_t)(size - p->end);
	*out = (struct rle){ .h = f->h, .w = f->w, .n = p->n, .runs = p->runs };
	return 0;
}

/* Without turning, a column comes from one column, and rows keep their order or reverse it. */
struct stretch {
	const double *inverse;
	int64_t *first_run;	/* [in->w + 1] the first pair (begin, end) of `in` that ends behind the start of that column */
	int64_t *row;	/* [in->h + 1] where source row r begins: the first row that comes from r or one behind it (before, if reversed) */
	bool reversed;
};

static int64_t source_of(double scale, double offset, int64_t i)
{
	return (int64_t)floor(scale * ((double)i + 0.5) + offset);
}

/* Rows come in order, so each boundary between source rows is at one place. */
static void fill_rows(struct stretch *s, const struct rle_edges *in, const struct rle_frame *f)
{
	int64_t y = 0;
	for (int64_t k = 0; k <= in->h; k++) {
		int64_t r = s->reversed ? in->h - k : k;
		while (y < f->valid_h && (s->reversed ? source_of(s->inverse[4], s->inverse[5], y) >= r :
				source_of(s->inverse[4], s->inverse[5], y) < r))
			y++;
		s->row[r] = y;
	}
}

static int stretch_init(struct stretch *s, const double inverse[6], const struct rle_edges *in,
			const struct rle_frame *f, struct arena *a)
{
	*s = (struct stretch){ .inverse = inverse, .reversed = inverse[4] < 0 };
	s->first_run = arena_alloc(a, (size_t)(in->w + 1) * sizeof *s->first_run);
	s->row = arena_alloc(a, (size_t)(in->h + 1) * sizeof *s->row);
	if (s->first_run == NULL || s->row == NULL)
		return -1;
	for (int64_t x = 0, i = 0; x <= in->w; x++) {
		while (i < in->n / 2 && in->end[2 * i + 1] <= x * in->h)
			i++;
		s->first_run[x] = i;
	}
	fill_rows(s, in, f);
	return 0;
}

/* Column x of the frame, which comes from column c of the mask. */
static int stretch_column(struct pieces *p, const struct stretch *s, const struct rle_edges *in, int64_t c, int64_t x,
			  const struct rle_frame *f)
{
	int64_t top = c * in->h, first = s->first_run[c], last = first;
	while (last < in->n / 2 && in->end[2 * last] < top + in->h)
		last++;
	for (int64_t k = first; k < last; k++) {
		int64_t i = s->reversed ? first + last - 1 - k : k;
		int64_t begin = (int64_t)in->end[2 * i] - top, end = (int64_t)in->end[2 * i + 1] - top;
		begin = begin < 0 ? 0 : begin;
		end = end > in->h ? in->h : end;
		int64_t y0 = s->row[s->reversed ? end : begin], y1 = s->row[s->reversed ? begin : end];
		if (y0 < y1)
			TRY(put_piece(p, x * f->h + y0, x * f->h + y1));
	}
	return 0;
}

static int warp_stretched(struct rle *out, const struct rle_edges *in, const double inverse[6],
			  const struct rle_frame *f, struct arena *a)
{
	struct stretch s;
	struct pieces p = { .a = a };
	TRY(stretch_init(&s, inverse, in, f, a));
	for (int64_t x = 0; x < f->valid_w; x++) {
		int64_t c = source_of(inverse[0], inverse[2], x);
		if (c >= 0 && c < in->w)
			TRY(stretch_column(&p, &s, in, c, x, f));
	}
	return finish_pieces(out, &p, f);
}

/* The pixels of the frame that the crop can reach. */
static void reach(struct rle_crop *out, const struct rle_crop *in, const double m[6], const struct rle_frame *f)
{
	double box[4] = { (double)in->x, (double)in->y, (double)(in->x + in->w), (double)(in->y + in->h) };
	affine_box(box, m, box);
	/* One more on each side, for rounding. */
	double x0 = fmax(floor(box[0]) - 1, 0), x1 = fmin(ceil(box[2]) + 1, f->valid_w);
	double y0 = fmax(floor(box[1]) - 1, 0), y1 = fmin(ceil(box[3]) + 1, f->valid_h);
	*out = (struct rle_crop){ .w = 0 };
	if (in->w > 0 && x0 < x1 && y0 < y1)
		*out = (struct rle_crop){ .x = (int64_t)x0, .y = (int64_t)y0, .w = (int64_t)(x1 - x0), .h = (int64_t)(y1 - y0) };
}

/* The rows from *first to *end - 1 of the crop whose centres the view holds in the column that has its middle at x. */
static void find_rows(int64_t *first, int64_t *end, const struct rle_crop *c, const struct convex *view, double x)
{
	double low, high;
	*first = 0;
	*end = c->h;
	if (view == NULL)
		return;
	convex_span(&low, &high, view, true, x);
	low = fmax(ceil(low - 0.5), (double)c->y);
	high = fmin(floor(high - 0.5), (double)(c->y + c->h - 1));
	*first = low <= high ? (int64_t)low - c->y : 0;
	*end = low <= high ? (int64_t)high - c->y + 1 : 0;
}

static void sample_crop(struct rle_crop *out, const struct rle_crop *in, const double inverse[6],
			const struct convex *view)
{
	const double w = (double)in->w, h = (double)in->h;
	for (int64_t i = 0; i < out->w; i++) {
		double x = (double)(out->x + i) + 0.5;
		int64_t first, end;
		find_rows(&first, &end, out, view, x);
		for (int64_t j = first; j < end; j++) {
			double y = (double)(out->y + j) + 0.5;
			double u = inverse[0] * x + inverse[1] * y + inverse[2] - (double)in->x;
			double v = inverse[3] * x + inverse[4] * y + inverse[5] - (double)in->y;
			if (u >= 0 && v >= 0 && u < w && v < h)
				out->inside[i * out->h + j] = in->inside[(int64_t)u * in->h + (int64_t)v];
		}
	}
}

static int warp_turned(struct rle *out, const struct rle_edges *in, const double m[6], const double inverse[6],
		       const struct rle_frame *f, struct arena *a)
{
	struct rle_crop from, to;
	rle_crop_around(&from, in);
	reach(&to, &from, m, f);
	from.inside = arena_calloc(a, (size_t)(from.w * from.h), 1);
	to.inside = arena_calloc(a, (size_t)(to.w * to.h), 1);
	if (from.inside == NULL || to.inside == NULL)
		return -1;
	rle_crop_paint(&from, in);
	sample_crop(&to, &from, inverse, f->view);
	return rle_crop_runs(out, &to, f->h, f->w, a);
}

int rle_warp(struct rle *out, const struct rle_edges *in, const double m[6], const struct rle_frame *f, struct arena *a)
{
	double inverse[6];
	if (!affine_invert(inverse, m))
		return err_set("a mask cannot be moved by a map that has no inverse");
	if ((int64_t)f->h * f->w > UINT32_MAX)
		return err_set("a mask of %d x %d pixels is too large", f->h, f->w);
	if (m[1] == 0 && m[3] == 0 && f->view == NULL)
		return warp_stretched(out, in, inverse, f, a);
	return warp_turned(out, in, m, inverse, f, a);
}
