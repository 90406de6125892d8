/*
 * assign: rows to classes at the least cost so that no class goes without.
 */
#ifndef PROBE_ASSIGN_H
#define PROBE_ASSIGN_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * answer [n]: the assignment with the least sum of cost [n k] in which each class has at least one row. A class whose costs are
 * infinite gets none. Exact: a minimum-cost flow, by shortest augmenting paths between classes; it equals the linear programme
 * with 0 <= m <= 1, whose vertices are whole.
 * Error: fewer rows than classes.
 */
int assign_cover(int32_t *answer, const double *cost, int64_t n, int k, struct arena *a) MUST_CHECK;

#endif
