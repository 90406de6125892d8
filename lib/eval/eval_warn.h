/*
 * eval_warn: what is odd about ground truth and results, and what it does to the figures.
 */
#ifndef EVAL_EVAL_WARN_H
#define EVAL_EVAL_WARN_H

#include "base/error.h"
#include "eval/eval_set.h"

/* Takes one line without its end. */
typedef void eval_warn_function(const char *format, ...) PRINTF_LIKE(1, 2);

/*
 * Call warn() for each oddity: ids that are not there, boxes that look like corners or like parts of the image, scores cut off
 * at a threshold, categories without detections, results of another type. Error: memory.
 */
int eval_warn(const struct eval_set *set, eval_warn_function *warn) MUST_CHECK;

#endif
