#include "probe/classifiers.h"

#include "probe/assign.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

struct logistic {
	const struct probe_data *data;
	double l2;
	double *p;	/* [n k] scratch */
};

/* Rows of logits become probabilities; the sum of the logarithms of those of the labels. */
static double softmax_rows(double *p, const int32_t *labels, int64_t n, int k)
{
	double total = 0;
	for (int64_t i = 0; i < n; i++) {
		double *row = p + i * k, top = -INFINITY, sum = 0, own = labels == NULL ? 0 : row[labels[i]];
		for (int j = 0; j < k; j++)
			top = fmax(top, row[j]);
		for (int j = 0; j < k; j++)
			sum += row[j] = exp(row[j] - top);
		for (int j = 0; j < k; j++)
			row[j] /= sum;
		total += own - top - log(sum);
	}
	return total;
}

/* p [n k] = x w' + b */
static void logits(double *p, const struct probe_data *data, const double *w)
{
	const double *b = w + data->k * data->d;
	for (int64_t i = 0; i < data->n; i++)
		memcpy(p + i * data->k, b, (size_t)data->k * sizeof *p);
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)data->n, data->k, (int)data->d, 1, data->x, (int)data->d, w, (int)data->d,
		    1, p, data->k);
}

static double loss(void *context, const double *w, double *gradient)
{
	struct logistic *l = context;
	const struct probe_data *data = l->data;
	int64_t weights = data->k * data->d;
	double *db = gradient + weights;
	logits(l->p, data, w);
	double value = -softmax_rows(l->p, data->labels, data->n, data->k) / (double)data->n;
	memset(db, 0, (size_t)data->k * sizeof *db);
	for (int64_t i = 0; i < data->n; i++) {
		l->p[i * data->k + data->labels[i]] -= 1;
		for (int j = 0; j < data->k; j++)
			db[j] += l->p[i * data->k + j] / (double)data->n;
	}
	cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, data->k, (int)data->d, (int)data->n, 1 / (double)data->n, l->p, data->k, data->x,
		    (int)data->d, 0, gradient, (int)data->d);
	cblas_daxpy((int)weights, l->l2, w, 1, gradient, 1);
	return value + l->l2 / 2 * cblas_ddot((int)weights, w, 1, w, 1);
}

static void choose(int32_t *answer, const double *p, int64_t n, int k)
{
	for (int64_t i = 0; i < n; i++) {
		answer[i] = 0;
		for (int j = 1; j < k; j++)
			if (p[i * k + j] > p[i * k + answer[i]])
				answer[i] = j;
	}
}

int probe_linear(double *p, int32_t *answer, const struct probe_data *train, const struct probe_data *test, double l2,
		 const struct lbfgs_param *search, struct lbfgs_result *result, struct arena *a)
{
	int64_t size = train->k * (train->d + 1);
	struct logistic l = { .data = train, .l2 = l2, .p = arena_alloc(a, (size_t)(train->n * train->k) * sizeof *l.p) };
	double *w = arena_calloc(a, (size_t)size, sizeof *w);
	if (l.p == NULL || w == NULL)
		return -1;
	TRY(lbfgs_minimise(w, size, loss, &l, search, result, a));
	logits(p, test, w);
	softmax_rows(p, NULL, test->n, test->k);
	choose(answer, p, test->n, test->k);
	return 0;
}

static double distance_of(const double *x, const double *mean, int64_t d, enum probe_distance distance)
{
	double sum = 0, xx = 0, mm = 0;
	if (distance == DISTANCE_COSINE) {
		for (int64_t k = 0; k < d; k++) {
			sum += x[k] * mean[k];
			xx += x[k] * x[k];
			mm += mean[k] * mean[k];
		}
		return xx == 0 || mm == 0 ? 1 : 1 - sum / sqrt(xx * mm);
	}
	for (int64_t k = 0; k < d; k++)
		sum += (x[k] - mean[k]) * (x[k] - mean[k]);
	return distance == DISTANCE_EUCLIDEAN ? sqrt(sum) : sum;
}

/* means [k d]; count [k] is how many rows each has. */
static void class_means(double *means, int64_t *count, const struct probe_data *train)
{
	for (int64_t i = 0; i < train->n; i++) {
		count[train->labels[i]]++;
		cblas_daxpy((int)train->d, 1, train->x + i * train->d, 1, means + train->labels[i] * train->d, 1);
	}
	for (int j = 0; j < train->k; j++)
		if (count[j] > 0)
			cblas_dscal((int)train->d, 1 / (double)count[j], means + j * train->d, 1);
}

int probe_means(double *p, int32_t *answer, double *cost, const struct probe_data *train, const struct probe_data *test,
		enum probe_distance distance, struct arena *a)
{
	double *means = arena_calloc(a, (size_t)(train->k * train->d), sizeof *means);
	int64_t *count = arena_calloc(a, (size_t)train->k, sizeof *count);
	if (means == NULL || count == NULL)
		return -1;
	class_means(means, count, train);
#pragma omp parallel for
	for (int64_t i = 0; i < test->n; i++)
		for (int j = 0; j < test->k; j++)
			p[i * test->k + j] = count[j] == 0 ? -INFINITY : -distance_of(test->x + i * test->d, means + j * test->d, test->d, distance);
	for (int64_t i = 0; cost != NULL && i < test->n * test->k; i++)
		cost[i] = -p[i];
	softmax_rows(p, NULL, test->n, test->k);
	choose(answer, p, test->n, test->k);
	return 0;
}

int probe_easytl(double *p, int32_t *answer, const struct probe_data *train, const struct probe_data *test,
		 enum probe_distance distance, struct arena *a)
{
	double *cost = arena_alloc(a, (size_t)(test->n * test->k) * sizeof *cost);
	if (cost == NULL)
		return -1;
	TRY(probe_means(p, answer, cost, train, test, distance, a));
	return assign_cover(answer, cost, test->n, test->k, a);
}
