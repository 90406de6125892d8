/*
 * eval_task: the evaluations other than COCO's average precision, one file each, found by the build.
 *
 * A task is a rule by which boxes or masks are scored (--rule voc2007), or has a kind of data of its own (-t miou). It
 * reads both inputs, computes, and leaves its figures in the shape that all reports share. COCO's rule is not among
 * them: see eval.h.
 *
 *     const struct eval_task *task = eval_task_find("voc2007");
 *     TRY(task->run(&figures, &(struct eval_request){ .type = "bbox", .truth = "gt.json", ... }, &arena));
 *     eval_figures_print(stdout, &figures, false);
 */
#ifndef EVAL_EVAL_TASK_H
#define EVAL_EVAL_TASK_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval_figures.h"
#include "eval/eval_warn.h"

#include <stdbool.h>

struct eval_request {
	const char *truth, *results;	/* paths; "-" is stdin */
	const char *type;	/* one of the task's types, or its name */
	bool logits;	/* scores of classes are logits */
	int threads;	/* the figures do not depend on it */
	eval_warn_function *warn;
};

struct eval_task {
	const char *name;	/* as given to --rule, or to -t */
	const char *types;	/* "bbox|segm": what can be compared by this rule; NULL: the name is a type of its own */
	const char *options;	/* "a|b": long names of options that not all tasks have; NULL: none */
	bool no_classes;	/* it has no figures of single classes */
	int (*run)(struct eval_figures *out, const struct eval_request *request, struct arena *a) MUST_CHECK;
};

/* All tasks, made by the build; ends with NULL. */
extern const struct eval_task *const eval_tasks[];

/* NULL: there is none of that name. */
const struct eval_task *eval_task_find(const char *name);

#endif
