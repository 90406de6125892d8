#include "probe/normalise.h"

#include <cblas.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* LAPACK, in OpenBLAS: eigenvalues (ascending) and, in place of the matrix, eigenvectors of a symmetric matrix. */
void dsyevd_(const char *job, const char *part, const int *n, double *matrix, const int *stride, double *values, double *work,
	     const int *work_size, int *integers, const int *integers_size, int *status);

void normalise_measure(double *mean, double *deviation, const double *x, int64_t n, int64_t d)
{
	for (int64_t k = 0; k < d; k++)
		mean[k] = deviation[k] = 0;
	for (int64_t i = 0; i < n; i++)
		for (int64_t k = 0; k < d; k++)
			mean[k] += x[i * d + k];
	for (int64_t k = 0; k < d; k++)
		mean[k] /= (double)n;
	for (int64_t i = 0; i < n; i++)
		for (int64_t k = 0; k < d; k++)
			deviation[k] += (x[i * d + k] - mean[k]) * (x[i * d + k] - mean[k]);
	for (int64_t k = 0; k < d; k++) {
		deviation[k] = sqrt(deviation[k] / (double)n);
		/* What rounding leaves of a constant is no spread. */
		if (!(deviation[k] > 1e-12 * fabs(mean[k])))
			deviation[k] = 1;
	}
}

void normalise_apply(double *x, int64_t n, int64_t d, const double *mean, const double *deviation)
{
	for (int64_t i = 0; i < n; i++)
		for (int64_t k = 0; k < d; k++)
			x[i * d + k] = (x[i * d + k] - mean[k]) / deviation[k];
}

void normalise_rows(double *x, int64_t n, int64_t d)
{
	for (int64_t i = 0; i < n; i++) {
		double sum = 0;
		for (int64_t k = 0; k < d; k++)
			sum += x[i * d + k];
		for (int64_t k = 0; k < d; k++)
			x[i * d + k] = sum == 0 ? 0 : x[i * d + k] / sum;
	}
}

/* c [d d] = covariance of x + identity; centred [n d] is scratch. */
static void covariance(double *c, double *centred, const double *x, int64_t n, int64_t d)
{
	int size = (int)d;
	for (int64_t k = 0; k < d; k++) {
		double mean = 0;
		for (int64_t i = 0; i < n; i++)
			mean += x[i * d + k];
		mean /= (double)n;
		for (int64_t i = 0; i < n; i++)
			centred[i * d + k] = x[i * d + k] - mean;
	}
	cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, size, size, (int)n, 1 / (double)(n - 1), centred, size, centred, size, 0, c, size);
	for (int64_t k = 0; k < d; k++)
		c[k * d + k] += 1;
}

/* c [d d], symmetric and positive, becomes its power. */
static int matrix_power(double *c, double power, int64_t d, struct arena *a)
{
	int size = (int)d, status = 0;
	int work_size = 1 + 6 * size + 2 * size * size, integers_size = 3 + 5 * size;
	double *values = arena_alloc(a, (size_t)d * sizeof *values), *work = arena_alloc(a, (size_t)work_size * sizeof *work);
	int *integers = arena_alloc(a, (size_t)integers_size * sizeof *integers);
	double *scaled = arena_alloc(a, (size_t)(d * d) * sizeof *scaled);
	if (values == NULL || work == NULL || integers == NULL || scaled == NULL)
		return -1;
	dsyevd_("V", "U", &size, c, &size, values, work, &work_size, integers, &integers_size, &status);
	if (status != 0)
		return err_set("the eigenvalues of a covariance were not found (LAPACK says %d)", status);
	/* Row k of c is eigenvector k: C^p = V' diag(values^p) V. */
	for (int64_t k = 0; k < d; k++)
		for (int64_t j = 0; j < d; j++)
			scaled[k * d + j] = c[k * d + j] * pow(fmax(values[k], 1e-300), power);
	double *vectors = work;	/* has room for two such matrices */
	memcpy(vectors, c, (size_t)(d * d) * sizeof *vectors);
	cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, size, size, size, 1, vectors, size, scaled, size, 0, c, size);
	return 0;
}

int normalise_coral(double *xs, int64_t ns, const double *xt, int64_t nt, int64_t d, struct arena *a)
{
	enum { MAX_D = 16384 };
	int64_t most = ns > nt ? ns : nt;
	if (ns < 2 || nt < 2)
		return err_set("CORAL needs two images or more in both streams");
	if (d > MAX_D || most > INT_MAX)
		return err_set("CORAL: %lld features are more than %d", (long long)d, MAX_D);
	double *cs = arena_alloc(a, (size_t)(d * d) * sizeof *cs), *ct = arena_alloc(a, (size_t)(d * d) * sizeof *ct);
	double *map = arena_alloc(a, (size_t)(d * d) * sizeof *map), *rows = arena_alloc(a, (size_t)(most * d) * sizeof *rows);
	if (cs == NULL || ct == NULL || map == NULL || rows == NULL)
		return -1;
	covariance(cs, rows, xs, ns, d);
	covariance(ct, rows, xt, nt, d);
	TRY(matrix_power(cs, -0.5, d, a));
	TRY(matrix_power(ct, 0.5, d, a));
	int size = (int)d;
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1, cs, size, ct, size, 0, map, size);
	memcpy(rows, xs, (size_t)(ns * d) * sizeof *rows);
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)ns, size, size, 1, rows, size, map, size, 0, xs, size);
	return 0;
}
