/*
 * labeller: samples in, samples with a teacher's labels out, in the same order.
 *
 *     struct labeller l;
 *     TRY(labeller_open(&l, "t.safetensors", &options));
 *     l.put = write_it;                       // sees every labelled sample
 *     struct sample *s = labeller_slot(&l, &arena);
 *     ... fill s, whatever it points to in that arena ...
 *     TRY(labeller_push(&l));
 *     TRY(labeller_flush(&l));
 *     labeller_close(&l);
 */
#ifndef TRAIN_LABELLER_H
#define TRAIN_LABELLER_H

#include "train/inference.h"
#include "train/label_report.h"
#include "train/pseudo_label.h"

struct labeller_options {
	struct inference_options inference;	/* limits are made from what follows, but for nms_iou and topk */
	double threshold;	/* of all classes */
	const char *thresholds;	/* a file with those of some, see pseudo_label.h; NULL: none */
	struct pseudo_rules rules;	/* n_classes and threshold are filled by labeller_open() */
	bool drop_empty;	/* images without a label are left out */
};

struct labeller_slot;

struct labeller {
	struct labeller_options options;
	struct inference inf;
	struct pseudo_rules rules;
	struct label_report report;
	struct arena arena, result;
	int n_slots, first, n;	/* a ring: slots [first, first + n) wait for the teacher, the next one is being filled */
	struct labeller_slot *slots;
	/* What becomes of each sample, in order. 0 or -1. */
	int (*put)(void *context, struct sample *s, struct arena *a);
	int (*leave_out)(void *context, const struct sample *s);	/* it has no label */
	int (*reject)(void *context, const struct sample *s, const char *reason);	/* it is damaged; told at once */
	void *context;
};

/* Error: that of inference_open(); thresholds that do not fit the teacher. */
int labeller_open(struct labeller *l, const char *teacher, const struct labeller_options *options) MUST_CHECK;

/* An empty sample to be filled, and the arena for what it points to. The same until it is pushed. */
struct sample *labeller_slot(struct labeller *l, struct arena **a);

/* Error: what a callback returns; the teacher fails. A damaged image is none: reject() is told. */
int labeller_push(struct labeller *l) MUST_CHECK;

int labeller_flush(struct labeller *l) MUST_CHECK;

void labeller_close(struct labeller *l);

#endif
