#include "image/convex.h"

#include "image/affine.h"

#include <math.h>
#include <string.h>

static double beyond(const double side[3], const double at[2])
{
	return side[0] * at[0] + side[1] * at[1] - side[2];
}

static void find_box(struct convex *c)
{
	memcpy(c->box, (const double[4]){ INFINITY, INFINITY, -INFINITY, -INFINITY }, sizeof c->box);
	for (int64_t i = 0; i < 2 * c->n; i++) {
		c->box[i % 2] = fmin(c->box[i % 2], c->corner[i]);
		c->box[2 + i % 2] = fmax(c->box[2 + i % 2], c->corner[i]);
	}
}

int convex_rectangle(struct convex *c, double w, double h, struct arena *a)
{
	const double corner[8] = { 0, 0, w, 0, w, h, 0, h };
	const double side[4][3] = { { -1, 0, 0 }, { 0, -1, 0 }, { 1, 0, w }, { 0, 1, h } };
	*c = (struct convex){ .n = 4, .corner = arena_alloc(a, sizeof corner), .n_sides = 4, .side = arena_alloc(a, sizeof side) };
	if (c->corner == NULL || c->side == NULL)
		return -1;
	memcpy(c->corner, corner, sizeof corner);
	memcpy(c->side, side, sizeof side);
	find_box(c);
	return 0;
}

/* The part of the polygon in `from` that is inside of one side, into `to`, which has room for 2n corners. Returns their number. */
static int64_t clip_side(double *to, const double *from, int64_t n, const double side[3])
{
	int64_t kept = 0;
	for (int64_t i = 0; i < n; i++) {
		const double *a = from + 2 * i, *b = from + 2 * ((i + 1) % n);
		double da = beyond(side, a), db = beyond(side, b);
		if (da <= 0)
			memcpy(to + 2 * kept++, a, 2 * sizeof *a);
		if ((da < 0 && db > 0) || (da > 0 && db < 0)) {
			double t = da / (da - db);
			to[2 * kept] = a[0] + t * (b[0] - a[0]);
			to[2 * kept + 1] = a[1] + t * (b[1] - a[1]);
			kept++;
		}
	}
	return kept;
}

static int clip(double **out, int64_t *n_out, const double (*side)[3], int n_sides, const double *xy, int64_t n,
		struct arena *a)
{
	*n_out = n;
	*out = arena_alloc(a, (size_t)n * 2 * sizeof **out + 1);
	if (*out == NULL)
		return -1;
	memcpy(*out, xy, (size_t)n * 2 * sizeof **out);
	for (int i = 0; i < n_sides; i++) {
		bool cuts = false;
		for (int64_t k = 0; k < *n_out && !cuts; k++)
			cuts = beyond(side[i], *out + 2 * k) > 0;
		if (!cuts)
			continue;
		double *less = arena_alloc(a, (size_t)*n_out * 4 * sizeof *less);
		if (less == NULL)
			return -1;
		*n_out = clip_side(less, *out, *n_out, side[i]);
		*out = less;
	}
	return 0;
}

int convex_clip(double **out, int64_t *n_out, const struct convex *c, const double *xy, int64_t n, struct arena *a)
{
	return clip(out, n_out, (const double (*)[3])c->side, c->n_sides, xy, n, a);
}

int convex_cut(struct convex *c, const double m[6], double w, double h, struct arena *a)
{
	double inverse[6], (*side)[3] = arena_alloc(a, (size_t)(c->n_sides + 4) * sizeof *side);
	if (side == NULL)
		return -1;
	if (!affine_invert(inverse, m))
		return err_set("an area cannot be moved by a map that has no inverse");
	memcpy(side, c->side, (size_t)c->n_sides * sizeof *side);
	/* -u <= 0, -v <= 0, u <= w, v <= h, where u and v are what the inverse makes of x and y. */
	for (int i = 0; i < 4; i++) {
		const double *row = inverse + 3 * (i % 2), sign = i < 2 ? -1 : 1, limit = i < 2 ? 0 : i == 2 ? w : h;
		memcpy(side[c->n_sides + i], (const double[3]){ sign * row[0], sign * row[1], limit - sign * row[2] }, sizeof *side);
	}
	TRY(clip(&c->corner, &c->n, (const double (*)[3])(side + c->n_sides), 4, c->corner, c->n, a));
	c->side = side;
	c->n_sides += 4;
	find_box(c);
	return 0;
}

bool convex_holds(const struct convex *c, double x, double y)
{
	for (int i = 0; i < c->n_sides; i++)
		if (beyond(c->side[i], (const double[2]){ x, y }) > 0)
			return false;
	return true;
}

void convex_span(double *low, double *high, const struct convex *c, bool column, double at)
{
	*low = -INFINITY;
	*high = INFINITY;
	for (int i = 0; i < c->n_sides; i++) {
		double slope = c->side[i][column ? 1 : 0], limit = c->side[i][2] - c->side[i][column ? 0 : 1] * at;
		if (slope > 0)
			*high = fmin(*high, limit / slope);
		else if (slope < 0)
			*low = fmax(*low, limit / slope);
		else if (limit < 0)
			*high = -INFINITY;
	}
}
