/*
 * profile: where the time of a few steps goes, op by op.
 *
 * Who runs something asks for the time before and tells afterwards; a NULL profile, or one that is not recording,
 * costs a comparison. Ops count their operations (op->flops) and the bytes they cannot avoid moving: each tensor that
 * is read or written, once.
 *
 *     struct profile p;
 *     profile_init(&p);
 *     profile_start_step(&p);                         // from here on everything is recorded
 *     double start = profile_now(&p);
 *     ... the op ...
 *     TRY(profile_op(&p, start, op, &call, PROFILE_FORWARD, op->flops(&call)));
 *     TRY(profile_span(&p, start, PROFILE_FORWARD));
 *     TRY(profile_end_step(&p));
 *     TRY(profile_write_trace(&p, "step.json"));      // for chrome://tracing and Perfetto
 *     profile_write_table(&p, &peak, stderr);
 *     profile_release(&p);
 */
#ifndef NN_PROFILE_H
#define NN_PROFILE_H

#include "base/arena.h"
#include "op/op.h"
#include "op/peak.h"

#include <stdio.h>

/* Parts of a step; ops lie inside the first two. What is computed again is an op's part inside of backward. */
enum profile_part { PROFILE_FORWARD, PROFILE_BACKWARD, PROFILE_OPTIMIZER, PROFILE_STEP, PROFILE_AGAIN, PROFILE_PARTS };

struct profile_event {
	const char *name;	/* of the op or the part */
	enum profile_part part;	/* of an op: the one it lies in */
	bool is_op;
	bool bf16;
	double start_sec, sec;
	double flops, bytes;
	char shape[64];	/* of the first output */
};

struct profile {
	bool on;
	double origin_sec, step_sec;
	int steps;	/* recorded */
	int n, room;
	struct profile_event *events;
};

void profile_init(struct profile *p);
void profile_release(struct profile *p);

void profile_start_step(struct profile *p);
int profile_end_step(struct profile *p) MUST_CHECK;

/* The time in seconds; 0 when nothing is recorded. */
double profile_now(const struct profile *p);

/* An op that ran from start on, as call says, with that many operations; of a backward the gradients are counted. Error: memory. */
int profile_op(struct profile *p, double start_sec, const struct op *op, const struct op_call *call,
	       enum profile_part part, double flops) MUST_CHECK;

/* A sum of two gradients of one map, which no op made. */
int profile_sum(struct profile *p, double start_sec, const struct tensor *map) MUST_CHECK;

/* A part of the step. */
int profile_span(struct profile *p, double start_sec, enum profile_part part) MUST_CHECK;

/* JSON in the Trace Event Format. Error: the file cannot be written; nothing was recorded. */
int profile_write_trace(const struct profile *p, const char *path) MUST_CHECK;

/* A line an op and pass, a line for what is left of each part; peak NULL: not known. */
void profile_write_table(const struct profile *p, const struct peak *peak, FILE *file);

/* Both: the trace to path, the table to `table`. */
int profile_report(const struct profile *p, const char *path, const struct peak *peak, FILE *table) MUST_CHECK;

#endif
