/*
 * eval_coco: evaluation by COCO's rule from files to reports; for other rules see eval_task.h.
 *
 *     struct eval_coco coco;
 *     TRY(eval_coco_run(&coco, &options, "gt.json", "results.json", &arena));
 *     eval_coco_print(stdout, &coco, false);
 *
 * Everything lives in the arena and borrows options; the members of struct eval_coco point at each other, so it stays where it is.
 */
#ifndef EVAL_EVAL_COCO_H
#define EVAL_EVAL_COCO_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"
#include "eval/eval_analysis.h"
#include "eval/eval_figures.h"
#include "eval/eval_select.h"
#include "eval/eval_set.h"
#include "eval/eval_warn.h"

#include <stdbool.h>
#include <stdio.h>

struct eval_coco_options {
	const char *type;	/* the name of one of eval_types */
	const char *sigmas;	/* of keypoints; NULL: COCO's of persons */
	const char *limits, *ranges;	/* see eval_custom.h; NULL: the type's */
	struct eval_selection selection;
	bool canonical;	/* equal scores in the order of their content */
	struct eval_analysis_options analysis;
	const char *arrays, *partial;	/* files to write, or NULL: see eval_arrays.h, eval_part.h */
	int threads;	/* the figures do not depend on it */
	eval_warn_function *warn;
};

struct eval_coco {
	struct eval_type type;
	struct eval_sigmas sigmas;
	struct eval_set set;
	struct eval_input input;
	struct eval_result result;
	struct eval_analysis analysis;
	struct eval_figures figures;	/* the result's, and what the analysis has for every class */
};

/* The form of the lists in the options, before anything is read. Error: limits, ranges or sigmas that are no such lists. */
int eval_coco_check(const struct eval_coco_options *options) MUST_CHECK;

/*
 * Read, evaluate, analyse, write the files that are asked for. Paths may be "-", standard input.
 * Error: an input that cannot be read or is not good; lists in the options that are not such lists; a file that cannot be written;
 * memory.
 */
int eval_coco_run(struct eval_coco *coco, const struct eval_coco_options *options, const char *truth, const char *results,
		  struct arena *a) MUST_CHECK;

/*
 * One evaluation of the parts [n] that others have left; of the options `arrays`, `canonical`, `threads` and `warn` count. There
 * is no analysis. Error: see eval_part_merge(); a file that cannot be written.
 */
int eval_coco_merge(struct eval_coco *coco, const struct eval_coco_options *options, char *const *parts, int n,
		    struct arena *a) MUST_CHECK;

/* The benchmark's lines, with per_class a table of the classes, and the tables of the analysis. */
void eval_coco_print(FILE *file, const struct eval_coco *coco, bool per_class);

#endif
