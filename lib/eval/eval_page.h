/*
 * eval_page: an evaluation as one picture: precision over recall, scores of true and false detections, reliability of
 * the scores, and AP of the classes.
 */
#ifndef EVAL_EVAL_PAGE_H
#define EVAL_EVAL_PAGE_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval_analysis.h"

/* Needs the analysis' outcome. Error: cannot write; memory. */
int eval_page_write(const char *path, const struct eval_analysis *analysis, struct arena *a) MUST_CHECK;

#endif
