#include "eval/eval_ranking.h"

#include <math.h>
#include <stdlib.h>

void eval_calibration_add(struct eval_calibration *c, double confidence, bool right)
{
	int bin = 0;
	while (bin < EVAL_CALIBRATION_BINS - 1 && confidence > (double)(bin + 1) / EVAL_CALIBRATION_BINS)
		bin++;
	c->n[bin]++;
	c->n_right[bin] += right;
	c->confidence[bin] += confidence;
}

double eval_calibration_error(const struct eval_calibration *c)
{
	int64_t n = 0;
	double error = 0;
	for (int i = 0; i < EVAL_CALIBRATION_BINS; i++) {
		n += c->n[i];
		error += fabs((double)c->n_right[i] - c->confidence[i]);
	}
	return n == 0 ? -1 : error / (double)n;
}

static int compare_scores(const void *a, const void *b)
{
	double x = ((const struct eval_scored *)a)->score, y = ((const struct eval_scored *)b)->score;
	return (x > y) - (x < y);
}

double eval_auroc(struct eval_scored *x, int64_t n)
{
	int64_t below = 0, n_positive = 0, twice = 0;
	if (n > 1)
		qsort(x, (size_t)n, sizeof *x, compare_scores);
	for (int64_t i = 0, end; i < n; i = end) {
		int64_t positive = 0, negative = 0;
		for (end = i; end < n && x[end].score == x[i].score; end++) {
			positive += x[end].positive;
			negative += !x[end].positive;
		}
		twice += positive * (2 * below + negative);
		below += negative;
		n_positive += positive;
	}
	if (n_positive == 0 || below == 0)
		return -1;
	return (double)twice / (2 * (double)n_positive * (double)below);
}

double eval_missed_at_95(const struct eval_scored *x, int64_t n)
{
	int64_t n_positive = 0, missed = 0, accepted = 0;
	for (int64_t i = 0; i < n; i++)
		n_positive += x[i].positive;
	if (n_positive == 0 || n_positive == n)
		return -1;
	for (int64_t i = 0, end; i < n && 20 * accepted < 19 * (n - n_positive); i = end)
		for (end = i; end < n && x[end].score == x[i].score; end++) {
			missed += x[end].positive;
			accepted += !x[end].positive;
		}
	return (double)missed / (double)n_positive;
}
