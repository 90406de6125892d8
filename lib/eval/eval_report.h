/*
 * eval_report: the figures of an evaluation as text and as JSON.
 */
#ifndef EVAL_EVAL_REPORT_H
#define EVAL_EVAL_REPORT_H

#include "eval/eval.h"
#include "eval/eval_set.h"

#include <stdio.h>

/* The lines pycocotools prints, word for word: " Average Precision  (AP) @[ IoU=0.50:0.95 | ... ] = 0.505". */
void eval_report_summary(FILE *file, const struct eval_type *type, const struct eval_result *result);

/* A table of the categories: annotations to find, AP and AP50 in percent; "-" where there is nothing to find. */
void eval_report_classes(FILE *file, const struct eval_set *set, const struct eval_result *result);

/*
 * {"type", "names", "stats", "images", "annotations", "detections", "per_class": [{"id", "name", "objects", "AP", "AP50"}]};
 * doubles in full, -1 where there is nothing to find. Ends with a new line.
 */
void eval_report_json(FILE *file, const struct eval_type *type, const struct eval_set *set,
		      const struct eval_result *result);

#endif
