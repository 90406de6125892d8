/*
 * conv_plan: who computes each pass of each convolution, chosen by time instead of by rule.
 *
 * Without a plan conv2d follows a static rule of shapes. With one that is tuning, a pass whose shape it meets for the
 * first time is computed by every backend that can, several times in turn, and the fastest is noted; afterwards,
 * and in any run that is given the plan, it is used without a clock. Shapes that a finished plan does not have
 * follow the rule, so a plan and its input decide the bits. The entries belong to the plan's arena.
 *
 *     struct conv_plan plan;
 *     conv_plan_init(&plan);
 *     plan.tuning = true;
 *     tape.conv_plan = &plan;                 // the tape hands it to every op
 *     ... a step ...
 *     plan.tuning = false;
 *     const char *text = conv_plan_text(&plan, &arena);       // and conv_plan_read() elsewhere
 *     conv_plan_release(&plan);
 */
#ifndef OP_CONV_PLAN_H
#define OP_CONV_PLAN_H

#include "base/arena.h"
#include "op/conv_backend.h"

#include <stdio.h>

struct conv_plan_entry {
	enum conv_pass pass;
	int n_maps;
	struct conv_geometry g[CONV2D_MAX_MAPS];	/* threads is 0: it is no part of a plan */
	enum conv_backend backend;
	/* What tuning saw; all 0 in a plan that was read. */
	enum conv_backend rule;	/* what the static rule would take */
	double sec, rule_sec;
	int64_t uses;	/* in the steps that tuned */
	struct conv_plan_entry *next;
};

struct conv_plan {
	struct arena arena;
	struct conv_plan_entry *first, *last;	/* in the order in which the shapes were met */
	int n;
	bool tuning;
	double tuning_sec;	/* spent on it */
};

void conv_plan_init(struct conv_plan *plan);
void conv_plan_release(struct conv_plan *plan);

/* The entry of a pass over maps g [n_maps], or NULL. */
struct conv_plan_entry *conv_plan_find(const struct conv_plan *plan, enum conv_pass pass, const struct conv_geometry *g,
	int n_maps);

/* A new entry, backend not set. NULL: out of memory. */
struct conv_plan_entry *conv_plan_add(struct conv_plan *plan, enum conv_pass pass, const struct conv_geometry *g,
	int n_maps) MUST_CHECK;

/*
 * Time the backends on this very pass, which the entry is for, and note the fastest; another than the rule's must be 3 %
 * faster. c, its outputs and what it adds to stay as they are, but for the outputs of a forward, which hold some result.
 */
int conv_plan_tune(struct conv_plan *plan, struct conv_plan_entry *e, const struct op_call *c,
	const struct conv_geometry *g, const struct tensor *dz) MUST_CHECK;

/*
 * A line an entry, in arena memory:
 *
 *     forward bf16 3x3 stride 1 pad 1 dilation 1 groups 1 bias+relu 256>256 2x64x64,2x32x32 winograd
 */
const char *conv_plan_text(const struct conv_plan *plan, struct arena *a) MUST_CHECK;

/*
 * Add the entries of such a text. Error: a line that conv_plan_text() does not write, a backend that is not known; one
 * that cannot compute its shape on this CPU, unless these are to be left out. Names the line.
 */
int conv_plan_read(struct conv_plan *plan, const char *text, bool leave_out) MUST_CHECK;

/* For people: how much was timed, and each pass that the rule would have given to another, with both times. */
void conv_plan_report(const struct conv_plan *plan, FILE *file);

#endif
