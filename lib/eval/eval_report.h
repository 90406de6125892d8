/*
 * eval_report: the figures of an evaluation for people and for programs.
 */
#ifndef EVAL_EVAL_REPORT_H
#define EVAL_EVAL_REPORT_H

#include "eval/eval.h"
#include "eval/eval_figures.h"
#include "eval/eval_set.h"

#include <stdio.h>

/* The lines pycocotools prints, word for word: " Average Precision  (AP) @[ IoU=0.50:0.95 | ... ] = 0.505". */
void eval_report_summary(FILE *file, const struct eval_type *type, const struct eval_result *result);

/* A table of the categories: annotations to find, AP and AP50 in percent; "-" where there is nothing to find. */
void eval_report_classes(FILE *file, const struct eval_set *set, const struct eval_result *result);

/*
 * The same figures in the shape that all evaluations share: the rows; for every class its objects and each row of its own.
 * What is made for it lives in the arena. Error: memory.
 */
int eval_report_figures(struct eval_figures *figures, const struct eval_type *type, const struct eval_set *set,
			const struct eval_result *result, struct arena *a) MUST_CHECK;

#endif
