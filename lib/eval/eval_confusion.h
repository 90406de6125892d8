/*
 * eval_confusion: which class is taken for which.
 */
#ifndef EVAL_EVAL_CONFUSION_H
#define EVAL_EVAL_CONFUSION_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval_outcome.h"

#include <stdint.h>

/*
 * Row: class of the annotation, or background (the last one); column: class of the detection, or background.
 *   cell [n_categories + 1  n_categories + 1]
 *
 * First come the detections that are true in the outcome: the diagonal. Then, in each image, what is left over on both sides
 * is paired whatever the class, the greatest IoU first, down to the outcome's IoU. What is left then was found on background
 * (last row) or missed (last column). So a column sums to the true and false detections of a class, a row to its annotations.
 * Detections below threshold[category] and those the outcome ignores do not take part.
 * Error: memory.
 */
int eval_confusion_make(int64_t *cell, const struct eval_outcome *outcome, const double *threshold, struct arena *a) MUST_CHECK;

#endif
