/*
 * eval_arrays: the arrays of a result as numpy reads them.
 */
#ifndef EVAL_EVAL_ARRAYS_H
#define EVAL_EVAL_ARRAYS_H

#include "base/error.h"
#include "eval/eval.h"

/*
 * Write an uncompressed .npz: numpy.load(path)["precision"] and so on.
 *   precision, scores  [threshold recall category range limit] f64
 *   recall             [threshold category range limit] f64
 * They equal pycocotools' COCOeval.eval of the same names. Appears whole or not at all.
 * Error: cannot write; more than 4 GiB.
 */
int eval_arrays_write(const char *path, const struct eval_result *result) MUST_CHECK;

#endif
