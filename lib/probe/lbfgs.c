#include "probe/lbfgs.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

enum { MEMORY = 10, MAX_TRIALS = 60 };

struct lbfgs {
	int64_t n;
	double *gradient, *direction, *next, *next_gradient;
	double *s[MEMORY], *y[MEMORY], rho[MEMORY];	/* steps, changes of the gradient, 1 / their product; the newest last */
	int kept;
};

static double dot(const double *a, const double *b, int64_t n)
{
	return cblas_ddot((int)n, a, 1, b, 1);
}

static double largest(const double *a, int64_t n)
{
	double most = 0;
	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fabs(a[i]));
	return most;
}

static int init(struct lbfgs *m, int64_t n, struct arena *a)
{
	double **vectors[] = { &m->gradient, &m->direction, &m->next, &m->next_gradient };
	*m = (struct lbfgs){ .n = n };
	for (int i = 0; i < 4; i++)
		if ((*vectors[i] = arena_calloc(a, (size_t)n, sizeof(double))) == NULL)
			return -1;
	for (int i = 0; i < MEMORY; i++) {
		m->s[i] = arena_calloc(a, (size_t)n, sizeof(double));
		m->y[i] = arena_calloc(a, (size_t)n, sizeof(double));
		if (m->s[i] == NULL || m->y[i] == NULL)
			return -1;
	}
	return 0;
}

/* direction = -H gradient, by the two loops over what is remembered. */
static void find_direction(struct lbfgs *m)
{
	double alpha[MEMORY];
	int n = (int)m->n;
	for (int64_t i = 0; i < m->n; i++)
		m->direction[i] = -m->gradient[i];
	for (int k = m->kept - 1; k >= 0; k--) {
		alpha[k] = m->rho[k] * dot(m->s[k], m->direction, m->n);
		cblas_daxpy(n, -alpha[k], m->y[k], 1, m->direction, 1);
	}
	if (m->kept > 0) {
		int last = m->kept - 1;
		cblas_dscal(n, 1 / (m->rho[last] * dot(m->y[last], m->y[last], m->n)), m->direction, 1);
	}
	for (int k = 0; k < m->kept; k++)
		cblas_daxpy(n, alpha[k] - m->rho[k] * dot(m->y[k], m->direction, m->n), m->s[k], 1, m->direction, 1);
}

static void remember(struct lbfgs *m, const double *x)
{
	if (m->kept == MEMORY) {
		double *s = m->s[0], *y = m->y[0];
		memmove(m->s, m->s + 1, (MEMORY - 1) * sizeof m->s[0]);
		memmove(m->y, m->y + 1, (MEMORY - 1) * sizeof m->y[0]);
		memmove(m->rho, m->rho + 1, (MEMORY - 1) * sizeof m->rho[0]);
		m->s[MEMORY - 1] = s;
		m->y[MEMORY - 1] = y;
		m->kept--;
	}
	int k = m->kept;
	for (int64_t i = 0; i < m->n; i++) {
		m->s[k][i] = m->next[i] - x[i];
		m->y[k][i] = m->next_gradient[i] - m->gradient[i];
	}
	double product = dot(m->s[k], m->y[k], m->n);
	if (product > 0) {
		m->rho[k] = 1 / product;
		m->kept++;
	}
}

/* A step along the direction that fulfils Wolfe's conditions; false when rounding leaves none. */
static bool search(struct lbfgs *m, const double *x, double *value, double (*f)(void *, const double *, double *), void *context)
{
	double slope = dot(m->gradient, m->direction, m->n), low = 0, high = INFINITY;
	double step = m->kept == 0 ? 1 / fmax(1, sqrt(dot(m->gradient, m->gradient, m->n))) : 1;
	for (int trial = 0; trial < MAX_TRIALS && slope < 0; trial++) {
		for (int64_t i = 0; i < m->n; i++)
			m->next[i] = x[i] + step * m->direction[i];
		double v = f(context, m->next, m->next_gradient);
		if (!(v <= *value + 1e-4 * step * slope))
			high = step;
		else if (dot(m->next_gradient, m->direction, m->n) < 0.9 * slope)
			low = step;
		else {
			*value = v;
			return true;
		}
		step = isinf(high) ? 2 * low : (low + high) / 2;
	}
	return false;
}

int lbfgs_minimise(double *x, int64_t n, double (*f)(void *context, const double *x, double *gradient), void *context,
		   const struct lbfgs_param *p, struct lbfgs_result *result, struct arena *a)
{
	struct lbfgs m;
	if (n > INT32_MAX)
		return err_set("%lld numbers are too many for one problem", (long long)n);
	TRY(init(&m, n, a));
	*result = (struct lbfgs_result){ .value = f(context, x, m.gradient) };
	if (!isfinite(result->value))
		return err_set("the loss is not finite at the start");
	while (result->iterations < p->max_iterations && largest(m.gradient, n) > p->tolerance) {
		find_direction(&m);
		if (!search(&m, x, &result->value, f, context)) {
			if (m.kept == 0)
				break;
			m.kept = 0;	/* once more, downhill */
			continue;
		}
		remember(&m, x);
		memcpy(x, m.next, (size_t)n * sizeof *x);
		memcpy(m.gradient, m.next_gradient, (size_t)n * sizeof *x);
		result->iterations++;
	}
	result->largest = largest(m.gradient, n);
	return 0;
}
