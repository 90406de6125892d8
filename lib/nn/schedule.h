/*
 * schedule: the learning rate of every step, a pure function of the step.
 *
 *     struct schedule_spec spec = { .lr = 0.01, .warmup = 100, .warmup_factor = 0.001,
 *                                   .decay = "0.8,0.95", .gamma = 0.1 };
 *     struct schedule s;
 *     TRY(schedule_make(&s, &spec, total_steps));
 *     double lr = schedule_lr(&s, step);      // step 0 is the first
 *
 * Warm-up is linear from warmup_factor*lr at step 0 to lr at step `warmup`. It multiplies what
 * the decay gives; the cosine begins where the warm-up ends.
 */
#ifndef NN_SCHEDULE_H
#define NN_SCHEDULE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { SCHEDULE_MAX_STEPS = 16 };

struct schedule_spec {
	double lr;
	int64_t warmup;	/* steps; 0: none */
	double warmup_factor;	/* 0 to 1 */
	/*
	 * "constant", "cosine" (to 0 at the end of the run), or where the rate drops by gamma: rising
	 * fractions of the run, "0.8,0.95", or steps, "60000,80000". What has a point is a fraction.
	 */
	const char *decay;
	double gamma;
};

struct schedule {
	double lr;
	int64_t total;
	int64_t warmup;
	double warmup_factor;
	bool cosine;
	double gamma;
	int n_drops;
	int64_t drop[SCHEDULE_MAX_STEPS];	/* the first step with the lower rate */
};

/*
 * Error: a rate that is not positive, a warm-up longer than the run or with a factor outside 0..1,
 * a decay that is none of the forms above; the message names the option and shows what it got.
 */
int schedule_make(struct schedule *s, const struct schedule_spec *spec, int64_t total) MUST_CHECK;

/* The rate of the update number step, from 0. */
double schedule_lr(const struct schedule *s, int64_t step);

#endif
