/*
 * classifiers: of features, fitted on one matrix and asked on another.
 *
 * All matrices are row-major: x [n d] features, p [n k] probabilities. Memory belongs to the arena of the call.
 */
#ifndef PROBE_CLASSIFIERS_H
#define PROBE_CLASSIFIERS_H

#include "base/arena.h"
#include "base/error.h"
#include "probe/lbfgs.h"

#include <stdint.h>

struct probe_data {
	const double *x;	/* [n d] */
	const int32_t *labels;	/* [n] 0 .. k-1; not read of what is asked */
	int64_t n, d;
	int k;	/* classes */
};

enum probe_distance { DISTANCE_EUCLIDEAN, DISTANCE_SQEUCLIDEAN, DISTANCE_COSINE };

/*
 * Logistic regression: the minimum over w [k d] and b [k] of mean cross-entropy + l2 / 2 * |w|^2, by L-BFGS from zeros.
 * p [test.n k], answer [test.n]: the likeliest class, the lower of equal ones.
 */
int probe_linear(double *p, int32_t *answer, const struct probe_data *train, const struct probe_data *test, double l2,
		 const struct lbfgs_param *search, struct lbfgs_result *result, struct arena *a) MUST_CHECK;

/*
 * The class whose mean is nearest; p is the softmax of the negative distances. Classes without images in train are never
 * chosen. cost [test.n k] or NULL receives the distances.
 */
int probe_means(double *p, int32_t *answer, double *cost, const struct probe_data *train, const struct probe_data *test,
		enum probe_distance distance, struct arena *a) MUST_CHECK;

/*
 * EasyTL: the assignment of all test rows to classes with the least sum of distances to the means in which each class that
 * train has gets at least one row; p as of probe_means().
 * Error: fewer rows than classes.
 * Source: Wang et al., arXiv 1904.01376.
 */
int probe_easytl(double *p, int32_t *answer, const struct probe_data *train, const struct probe_data *test,
		 enum probe_distance distance, struct arena *a) MUST_CHECK;

#endif
