/* assign: every class gets a row at the least cost, compared with all assignments by dynamic programming over the classes served. */
#include "base/rng.h"
#include "probe/assign.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { MAX_N = 12, MAX_K = 8 };

/* The least cost, row by row, for every set of classes that have a row so far; INFINITY: impossible. */
static double naive(const double *cost, int n, int k)
{
	static double best[1 << MAX_K], next[1 << MAX_K];
	int sets = 1 << k;
	for (int s = 0; s < sets; s++)
		best[s] = s == 0 ? 0 : INFINITY;
	for (int i = 0; i < n; i++) {
		for (int s = 0; s < sets; s++)
			next[s] = INFINITY;
		for (int s = 0; s < sets; s++)
			for (int j = 0; j < k; j++)
				next[s | 1 << j] = fmin(next[s | 1 << j], best[s] + cost[i * k + j]);
		memcpy(best, next, sizeof best);
	}
	return best[sets - 1];
}

static bool is_optimal(const double *cost, int n, int k, struct arena *a)
{
	int32_t answer[MAX_N];
	bool served[MAX_K] = { false }, all = true;
	double sum = 0;
	if (assign_cover(answer, cost, n, k, a) != 0)
		return false;
	for (int i = 0; i < n; i++) {
		sum += cost[i * k + answer[i]];
		served[answer[i]] = true;
	}
	for (int j = 0; j < k; j++)
		all &= served[j];
	return all && fabs(sum - naive(cost, n, k)) <= 1e-9 * (1 + fabs(sum));
}

/* skew: how much dearer each class is than the one before, so that many would go without; levels > 0: few different costs. */
static int count_wrong(struct rng *g, double skew, int levels, int trials, struct arena *a)
{
	int wrong = 0;
	for (int t = 0; t < trials; t++) {
		double cost[MAX_N * MAX_K];
		int k = 1 + (int)(rng_uniform(g) * MAX_K), n = k + (int)(rng_uniform(g) * (MAX_N - k + 1));
		for (int i = 0; i < n * k; i++) {
			double u = rng_uniform(g);
			cost[i] = (levels > 0 ? floor(u * levels) : u) + skew * (i % k);
		}
		wrong += !is_optimal(cost, n, k, a);
		arena_reset(a);
	}
	return wrong;
}

int main(void)
{
	struct rng g = rng_make(1);
	struct arena a;
	int32_t answer[2];
	arena_init(&a, 1 << 14);
	is_int(count_wrong(&g, 0, 0, 2000, &a), 0, "as cheap as the cheapest of all assignments");
	is_int(count_wrong(&g, 0.3, 0, 2000, &a), 0, "where some classes are dear");
	is_int(count_wrong(&g, 5, 0, 2000, &a), 0, "where all rows want one class");
	is_int(count_wrong(&g, 0.5, 3, 2000, &a), 0, "with ties");
	ok(assign_cover(answer, (double[]){ 1, 2, 3, 1, 2, 3 }, 2, 3, &a) != 0, "fewer rows than classes: %s", err_get());
	ok(assign_cover(answer, (double[]){ 1, INFINITY, 2, 1, INFINITY, 2 }, 2, 3, &a) == 0 && answer[0] != answer[1] &&
	   answer[0] + answer[1] == 2, "a class that is out of reach is no class");
	arena_release(&a);
	return tap_done();
}
