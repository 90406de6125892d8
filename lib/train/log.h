/*
 * log: JSON lines of a run's metrics, one a step.
 *
 *     {"step":1,"seq":0,"loss":1.9,"loss_cls":1.2,"loss_box":0.7,"lr":0.001,"grad_norm":3.1,"images_per_sec":8.2}
 *
 * What stands between loss and lr are the figures of the model's head; a classifier has top1 and top5.
 * With joint training follow each source's loss and its average, loss_NAME and mean_NAME.
 *
 * A resumed run goes on after the state's step: lines beyond it, written before a kill, are
 * removed, so every step stands once.
 */
#ifndef TRAIN_LOG_H
#define TRAIN_LOG_H

#include "train/trainer.h"

#include <stdio.h>

struct train_log {
	FILE *file;	/* NULL: no log */
	const char *path;
};

/* path NULL: nothing is written. done: the steps that stay (0: a new file). */
int train_log_open(struct train_log *log, const char *path, int64_t done) MUST_CHECK;

/* step counts from 1; first_seq is that of the batch's first sample; joint NULL or off: no sources. */
int train_log_put(struct train_log *log, int64_t step, int64_t first_seq, const struct step_report *report,
		  const struct joint *joint, double images_per_sec) MUST_CHECK;

int train_log_close(struct train_log *log) MUST_CHECK;

#endif
