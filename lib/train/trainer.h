/*
 * trainer: a model, its optimiser and the place in the run; one step at a time.
 *
 *     struct trainer t;
 *     TRY(trainer_init(&t, &options, &header));         // random weights, a file's, or a state's
 *     while (... next batch ...) {
 *             TRY(trainer_step(&t, &batch, &report));   // report.finite tells whether weights changed
 *             t.position = item->position;
 *     }
 *     TRY(trainer_save(&t));
 *     trainer_release(&t);
 */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "model/model.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"
#include "op/conv_plan.h"
#include "stream/stream.h"
#include "train/checkpoint.h"
#include "train/gradient_sum.h"
#include "train/joint.h"
#include "train/param_groups.h"

struct trainer_options {
	const char *model;	/* name */
	const char *init;	/* a safetensors file, see start_weights.h; NULL or "random": random weights */
	struct param_rules rules;	/* what is trained, and how fast */
	const char *resume;	/* state file or NULL */
	const char *output;	/* model file; the state is beside it */
	const char *record_text;	/* the options that decide the bits, for the state */
	bool allow_different_bits;
	enum dtype dtype;
	enum conv_backend backend;
	const char *preset;
	int anchor_size;
	double label_smoothing;
	struct joint_options joint;
	int64_t seed;
	int64_t batch;
	int64_t accumulate;	/* parts of a batch, one after the other; at least 1 */
	bool per_image_grad;	/* every image is a part, and their gradients are added in a fixed tree */
	bool recompute;	/* blocks of the network run again on the way back instead of keeping their maps */
	int64_t steps;	/* 0: from the header's planned records */
	/*
	 * times > 0: Detectron's schedule of that length; then schedule.lr is for 16 images, warmup and warmup_factor may be
	 * negative (the schedule's own), and decay is not looked at.
	 */
	int times;
	int64_t dataset_size;	/* images, for times; 0: as the header tells */
	struct schedule_spec schedule;
	double momentum, weight_decay, clip_norm;
	double ema_decay;	/* 0: no average */
	enum optimizer_rule solver;
	int64_t keep;	/* states of earlier saves to keep */
	bool tune;	/* time who computes the convolutions of the first step; a resumed run takes its state's plan */
	const char *plan;	/* a state whose plan of convolutions is taken; NULL: none */
	bool profile;	/* record this run's third step and four more */
	int64_t save_every;	/* steps; 0: only at the end */
};

struct trainer {
	struct trainer_options options;
	struct arena arena;
	struct model model;
	struct tape tape;
	struct schedule schedule;
	struct optimizer optimizer;
	struct gradient_sum sum;	/* with per_image_grad */
	struct joint joint;	/* sources of a mixture; with options.joint */
	struct checkpoint_about about;
	const char *provenance;	/* of the input, a line a tool */
	const char *schedule_report;	/* what options.times came to, a line; NULL: 0 */
	const char *start_report;	/* what init gave, see start_weights.h; NULL: random weights, or a state's */
	int64_t steps;	/* of the whole run */
	int64_t step;	/* done */
	int64_t first_step;	/* done before this run */
	int64_t position;	/* where the source goes on */
	bool planned;	/* plan decides who computes convolutions */
	struct conv_plan plan;
	struct profile profile;	/* of a few steps, with options.profile */
};

struct step_report {
	struct model_loss loss;
	double grad_norm;	/* before clipping */
	double lr;
	double flops;
	bool stuck;	/* the last source has taught nothing for a while; said once */
	bool finite;	/* false: loss or gradient is not; no weight was changed */
};

/* Error: what is wrong with the options whatever the data are, so a mistake in usage. */
int trainer_check_options(const struct trainer_options *o) MUST_CHECK;

/* Error: options that do not fit the data or the state, saying what differs. */
int trainer_init(struct trainer *t, const struct trainer_options *options, const struct stream_header *header) MUST_CHECK;

/* b->sources is set by it. */
int trainer_step(struct trainer *t, struct batch *b, struct step_report *report) MUST_CHECK;

/* State, then model, each whole or not at all. */
int trainer_save(const struct trainer *t) MUST_CHECK;

void trainer_release(struct trainer *t);

#endif
