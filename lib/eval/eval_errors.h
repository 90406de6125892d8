/*
 * eval_errors: what kind of mistakes a detector makes, and how much AP each kind costs.
 *
 * Every false detection at IoU .5 is one kind of error, the first that fits; IoU is with annotations that have to be found:
 *
 *     localisation    .1 <= greatest IoU with its own class < .5
 *     class           greatest IoU with another class >= .5
 *     duplicate       IoU with its own class >= .5: a better one has found that object
 *     background      IoU with everything < .1
 *     both            the rest: .1 <= IoU with another class < .5
 *
 * An object that nothing found is missed, unless an error of localisation or class points at it. The cost of a kind
 * is AP50 with all of its errors mended, and no others, less AP50 as it is: localisation and class errors
 * become true detections of the object they fit best (of several for one object, the true one included, the best score
 * stays and the others go), duplicates, background and both go, missed objects need not be found.
 *
 * Source: Bolya, Foley, Hays, Hoffman, "TIDE: A General Toolbox for Identifying Object Detection Errors", ECCV 2020,
 * sections 2.2 and 2.3; the order of precedence is that of the authors' program.
 */
#ifndef EVAL_EVAL_ERRORS_H
#define EVAL_EVAL_ERRORS_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"

#include <stdint.h>

enum eval_error {
	EVAL_ERROR_CLASS,
	EVAL_ERROR_LOCALISATION,
	EVAL_ERROR_BOTH,
	EVAL_ERROR_DUPLICATE,
	EVAL_ERROR_BACKGROUND,
	EVAL_ERROR_MISSED,
	EVAL_ERRORS,
};

/* "class", "localisation", ... */
extern const char *const eval_error_names[EVAL_ERRORS];

struct eval_errors {
	double ap50;	/* as it is; -1: nothing has to be found, and no cost either */
	int64_t n[EVAL_ERRORS];
	double cost[EVAL_ERRORS];	/* AP50 gained without these errors */
	double cost_false;	/* ... without any false detection */
	double cost_missed;	/* ... if what was not found did not have to be */
	int64_t (*by_class)[EVAL_ERRORS];	/* [n_categories] of the detection; of the annotation where missed */
};

/* The arrays live in the arena. Error: memory. */
int eval_errors_make(struct eval_errors *errors, const struct eval_input *input, struct arena *a) MUST_CHECK;

#endif
