/*
 * normalise: features brought to comparable sizes, and the second moments of one set to those of another.
 */
#ifndef PROBE_NORMALISE_H
#define PROBE_NORMALISE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

/* mean [d] and deviation [d] (of the population) of the columns of x [n d]; a column without spread has deviation 1. */
void normalise_measure(double *mean, double *deviation, const double *x, int64_t n, int64_t d);

/* x = (x - mean) / deviation, column by column. */
void normalise_apply(double *x, int64_t n, int64_t d, const double *mean, const double *deviation);

/* Divide each row by its sum; a row whose sum is 0 becomes 0. */
void normalise_rows(double *x, int64_t n, int64_t d);

/*
 * CORAL: xs [ns d] = xs Cs^(-1/2) Ct^(1/2), where C = covariance (divided by n - 1) + identity.
 * Error: fewer than two rows in a set; memory.
 * Source: Sun et al., arXiv 1511.05547.
 */
int normalise_coral(double *xs, int64_t ns, const double *xt, int64_t nt, int64_t d, struct arena *a) MUST_CHECK;

#endif
