#include "probe/assign.h"

#include <math.h>
#include <string.h>

/*
 * Every row begins in its cheapest class, which is the optimum without the demand. Then each empty class in turn gets
 * a row along the shortest path: class after class hands one row on, at the least rise of the cost. Such a path leaves the
 * assignment the cheapest of those that serve the classes served so far.
 */
struct flow {
	const double *cost;
	int32_t *answer;
	int64_t n;
	int k;
	int64_t *count;	/* [k] rows of each class */
	double *rise;	/* [k k] the least of handing a row from one class to another */
	int64_t *row;	/* [k k] which row that is */
	double *best;	/* [k] from any class with rows to spare */
	int *from;	/* [k] -1: the path begins here */
};

static void find_rises(struct flow *f)
{
	for (int64_t i = 0; i < (int64_t)f->k * f->k; i++)
		f->rise[i] = INFINITY;
	for (int64_t i = 0; i < f->n; i++) {
		int now = f->answer[i];
		for (int j = 0; j < f->k; j++) {
			double rise = f->cost[i * f->k + j] - f->cost[i * f->k + now];
			if (rise < f->rise[now * f->k + j]) {
				f->rise[now * f->k + j] = rise;
				f->row[now * f->k + j] = i;
			}
		}
	}
}

/* Bellman and Ford's rounds; rises may be negative once rows have been moved, but no circle is. */
static void find_paths(struct flow *f)
{
	bool better = true;
	for (int j = 0; j < f->k; j++) {
		f->best[j] = f->count[j] > 1 ? 0 : INFINITY;
		f->from[j] = -1;
	}
	for (int round = 0; round < f->k && better; round++) {
		better = false;
		for (int i = 0; i < f->k; i++)
			for (int j = 0; j < f->k && isfinite(f->best[i]); j++) {
				double way = f->best[i] + f->rise[i * f->k + j];
				/* What rounding alone would win is no shorter path: circles of cost 0 must not go round. */
				if (way < f->best[j] - 1e-12 * (1 + fabs(way))) {
					f->best[j] = way;
					f->from[j] = i;
					better = true;
				}
			}
	}
}

static int serve(struct flow *f, int empty)
{
	find_rises(f);
	find_paths(f);
	if (!isfinite(f->best[empty]))
		return err_set("there are fewer images than classes, so not every class can have one");
	int j = empty, hops = 0;
	f->count[empty]++;
	for (; f->from[j] >= 0 && hops < f->k; hops++) {
		int i = f->from[j];
		f->answer[f->row[i * f->k + j]] = j;
		j = i;
	}
	f->count[j]--;
	return 0;
}

static bool is_wanted(const double *cost, int64_t n, int k, int class)
{
	for (int64_t i = 0; i < n; i++)
		if (isfinite(cost[i * k + class]))
			return true;
	return false;
}

int assign_cover(int32_t *answer, const double *cost, int64_t n, int k, struct arena *a)
{
	size_t pairs = (size_t)k * (size_t)k;
	struct flow f = { .cost = cost, .answer = answer, .n = n, .k = k };
	f.count = arena_calloc(a, (size_t)k, sizeof *f.count);
	f.rise = arena_calloc(a, pairs, sizeof *f.rise);
	f.row = arena_calloc(a, pairs, sizeof *f.row);
	f.best = arena_calloc(a, (size_t)k, sizeof *f.best);
	f.from = arena_calloc(a, (size_t)k, sizeof *f.from);
	if (f.count == NULL || f.rise == NULL || f.row == NULL || f.best == NULL || f.from == NULL)
		return -1;
	for (int64_t i = 0; i < n; i++) {
		answer[i] = 0;
		for (int j = 1; j < k; j++)
			if (cost[i * k + j] < cost[i * k + answer[i]])
				answer[i] = j;
		f.count[answer[i]]++;
	}
	for (int j = 0; j < k; j++)
		if (f.count[j] == 0 && is_wanted(cost, n, k, j))
			TRY(serve(&f, j));
	return 0;
}
