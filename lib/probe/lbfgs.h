/*
 * lbfgs: the minimum of a smooth function by the limited-memory BFGS method.
 *
 * Source: Nocedal and Wright, Numerical Optimization, algorithm 7.5; step lengths by bisection until both of Wolfe's conditions
 * hold (weak form).
 */
#ifndef PROBE_LBFGS_H
#define PROBE_LBFGS_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct lbfgs_param {
	int max_iterations;
	double tolerance;	/* stop when the largest magnitude of the gradient is below */
};

struct lbfgs_result {
	int iterations;
	double value, largest;	/* of the function; of the gradient */
};

/*
 * x [n] goes from its start to the minimum. f gives the value and writes the gradient.
 * Error: the function is not finite at the start; memory.
 */
int lbfgs_minimise(double *x, int64_t n, double (*f)(void *context, const double *x, double *gradient), void *context,
		   const struct lbfgs_param *p, struct lbfgs_result *result, struct arena *a) MUST_CHECK;

#endif
