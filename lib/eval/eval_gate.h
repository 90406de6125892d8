/*
 * eval_gate: limits that figures have to keep, for programs that decide on them.
 *
 * A figure is named as in the report: "AP", or with a class "AP50.person". A list of limits is "AP=0.40,AP50.person=0.55";
 * names of classes may hold commas, dots and equals signs.
 *
 *     TRY(eval_gates_parse(&gates, "AP=0.40,AP50.person=0.55", &figures, &arena));
 *     int broken = eval_gates_apply(&gates, &figures, NULL, tool_warn);
 */
#ifndef EVAL_EVAL_GATE_H
#define EVAL_EVAL_GATE_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval_figures.h"
#include "eval/eval_warn.h"

#include <stdbool.h>

struct eval_gate {
	const char *name;	/* as given */
	int figure;	/* of the figures; -1: a column */
	int column;	/* of the classes */
	int32_t class;
	double limit;
};

struct eval_gates {
	int n;
	struct eval_gate *gate;
};

enum { EVAL_GATE_WRONG = 1 };

/*
 * Read a list of limits. A number alone stands for the first figure.
 * EVAL_GATE_WRONG with a message: not such a list; a limit outside [0, 1]; a figure that is not there (the message names those
 * that are); a class name that two classes have. -1: memory.
 */
int eval_gates_parse(struct eval_gates *gates, const char *list, const struct eval_figures *figures, struct arena *a) MUST_CHECK;

/*
 * The figures of an earlier run, as eval_figures_json() wrote them.
 *   old [gates->n] the value of each gate's figure then
 * Error: not such a file; measured with another type or rule; a figure is not in it.
 */
int eval_gates_baseline(double *old, int64_t *n_images, const char *path, const struct eval_gates *gates,
			const struct eval_figures *figures, struct arena *a) MUST_CHECK;

/*
 * Hold the figures against the limits and tell() a line, naming figure, value and limit, for each that is broken. What could not be
 * measured breaks its limit. Returns their number.
 *   old [gates->n] NULL: a limit is the least value; else the most that the value may be below old
 */
int eval_gates_apply(const struct eval_gates *gates, const struct eval_figures *figures, const double *old,
		     eval_warn_function *tell);

struct eval_gate_options {
	const char *fail_under;	/* list of least values, or NULL */
	const char *baseline;	/* file of an earlier run, or NULL */
	const char *max_drop;	/* list of how far below its figures these may be; with baseline only */
};

/* The form of the lists, before there are figures. Error: not such a list; one of baseline and max_drop without the other. */
int eval_gates_check(const struct eval_gate_options *options) MUST_CHECK;

/* Parse and apply all; *broken is the number of limits that do not hold. EVAL_GATE_WRONG as eval_gates_parse(). Error: see there. */
int eval_gates_hold(int *broken, const struct eval_gate_options *options, const struct eval_figures *figures,
		    eval_warn_function *tell, struct arena *a) MUST_CHECK;

#endif
