#include "coco/rle.h"

void rle_edges_make(struct rle_edges *edges, struct rle *m)
{
	*edges = (struct rle_edges){ .h = m->h, .w = m->w, .n = m->n, .end = m->runs, .area = rle_area(m) };
	rle_box(edges->box, m);
	for (int64_t i = 1; i < m->n; i++) {
		edges->has_empty_runs |= m->runs[i] == 0;
		m->runs[i] += m->runs[i - 1];
	}
}

/* The pairs (begin, end) of what is inside; the first whose end is behind `place`. */
static int64_t first_behind(const struct rle_edges *m, uint32_t place)
{
	int64_t low = 0, high = m->n / 2;
	while (low < high) {
		int64_t middle = (low + high) / 2;
		if (m->end[2 * middle + 1] > place)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Pixels inside both. */
static uint32_t common(const struct rle_edges *x, const struct rle_edges *y)
{
	int64_t nx = x->n / 2, ny = y->n / 2;
	if (nx == 0 || ny == 0)
		return 0;
	int64_t i = first_behind(x, y->end[0]), j = first_behind(y, x->end[0]);
	uint32_t sum = 0;
	while (i < nx && j < ny) {
		const uint32_t *a = &x->end[2 * i], *b = &y->end[2 * j];
		uint32_t begin = a[0] > b[0] ? a[0] : b[0], end = a[1] < b[1] ? a[1] : b[1];
		sum += end > begin ? end - begin : 0;
		/* No branch: which ends first cannot be foreseen. */
		int64_t first = a[1] <= b[1];
		i += first;
		j += 1 - first;
	}
	return sum;
}

/* Runs of a mask one by one. */
struct run_cursor {
	const struct rle_edges *mask;
	int64_t next;
	uint32_t left;	/* of the current run */
	bool inside;
};

static void take(struct run_cursor *c, uint32_t step)
{
	c->left -= step;
	if (c->left > 0 || c->next >= c->mask->n)
		return;
	c->left = c->mask->end[c->next] - c->mask->end[c->next - 1];
	c->next++;
	c->inside = !c->inside;
}

/*
 * The same with pixels inside either, run by run. The walk ends where both masks have nothing left of the runs they are
 * in: at the end, or where both have an empty run.
 */
static uint32_t walk_both(const struct rle_edges *x, const struct rle_edges *y, uint32_t *either)
{
	struct run_cursor a = { x, 1, x->end[0], false }, b = { y, 1, y->end[0], false };
	uint32_t both = 0;
	*either = 0;
	do {
		uint32_t step = a.left < b.left ? a.left : b.left;
		both += a.inside && b.inside ? step : 0;
		*either += a.inside || b.inside ? step : 0;
		take(&a, step);
		take(&b, step);
	} while (a.left > 0 || b.left > 0);
	return both;
}

static bool boxes_meet(const double a[4], const double b[4])
{
	double right = a[0] + a[2] < b[0] + b[2] ? a[0] + a[2] : b[0] + b[2];
	double bottom = a[1] + a[3] < b[1] + b[3] ? a[1] + a[3] : b[1] + b[3];
	return right - (a[0] > b[0] ? a[0] : b[0]) > 0 && bottom - (a[1] > b[1] ? a[1] : b[1]) > 0;
}

double rle_overlap(const struct rle_edges *dt, const struct rle_edges *gt, bool crowd)
{
	if (!boxes_meet(dt->box, gt->box))
		return 0;
	if (dt->h != gt->h || dt->w != gt->w)
		return -1;
	uint32_t both, either;
	if (dt->has_empty_runs && gt->has_empty_runs) {
		both = walk_both(dt, gt, &either);
	} else {
		both = common(dt, gt);
		either = dt->area + gt->area - both;
	}
	if (both == 0)
		return 0;
	return (double)both / (double)(crowd ? dt->area : either);
}
