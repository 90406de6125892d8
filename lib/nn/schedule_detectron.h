/*
 * schedule_detectron: "1x" to "9x", the lengths of training by which detectors are compared, for any data set and batch.
 *
 * Detectron's 1x is 90,000 steps of 16 images over the 118,287 images of COCO's train2017 - 12.17 epochs - at a rate of 0.02;
 * Kx is K times that. Here the epochs count: as many images are seen for each image of the data set, the rate goes with the
 * batch, and the drops keep their places. 1x drops at 60,000 and 80,000; from 2x on the rate drops when 60,000 and
 * 20,000 of all K*90,000 are left. Warm-up is over 500 steps from a third of the rate, over a tenth of the run at most.
 * Source: He et al., arXiv 1811.08883, section 4; Detectron's configs/04_2018_gn_baselines and config.py;
 * Goyal et al., arXiv 1706.02677 (the linear scaling rule).
 */
#ifndef NN_SCHEDULE_DETECTRON_H
#define NN_SCHEDULE_DETECTRON_H

#include "nn/schedule.h"

#include <stdint.h>

#define SCHEDULE_DETECTRON_LR 0.02

enum { SCHEDULE_DETECTRON_BATCH = 16 };

struct schedule_detectron {
	int64_t steps;
	int64_t drop[2];	/* the first steps with lower rates */
	int64_t warmup;
	double warmup_factor;
	double epochs;
	double lr;
};

/* "3x" to 3. Error: another text than 1x to 9x. */
int schedule_detectron_parse(int *times, const char *text) MUST_CHECK;

/* lr is the rate for 16 images a step. Error: a run that is too short to drop twice. */
int schedule_detectron_make(struct schedule_detectron *s, int times, int64_t images, int64_t batch, double lr) MUST_CHECK;

#endif
