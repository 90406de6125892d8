/*
 * joint: training on several sources at once, such as human labels and pseudo labels.
 *
 * Which source an image comes from is its sample's `input`, written by tmix. Each source has a loss of its own, the
 * mean over its images of the batch, and the step's loss is a weighted sum of them: with fixed weights, or, for two sources h and p,
 *
 *     (L_h + alpha * (mean_h / mean_p) * L_p) / (1 + alpha)
 *
 * where mean_h and mean_p are exponential moving averages of the two losses up to the step before (no gradient goes through them; the
 * ratio is 1 in the first step, and 1000 at most). So alpha says what the second source counts, however small its loss has become.
 * Source: Zoph et al., arXiv 2006.06882, appendix on loss normalisation.
 *
 *     TRY(joint_init(&j, &options, &header));
 *     batch.sources = joint_weights(&j);
 *     ... a step; loss.source has the losses ...
 *     joint_take(&j, &batch, &loss);
 */
#ifndef TRAIN_JOINT_H
#define TRAIN_JOINT_H

#include "base/arena.h"
#include "model/model.h"
#include "stream/stream.h"

struct joint_options {
	const char *quota;	/* "4:4": images of each source in a batch; NULL: as they come */
	const char *weights;	/* "1:0.5": of the sources' losses; NULL: none */
	double alpha;	/* above 0: normalised losses of two sources */
	double decay;	/* of the averages */
};

struct joint {
	bool on;	/* losses are weighted */
	struct batch_sources sources;
	const char *name[BATCH_MAX_SOURCES];
	int quota[BATCH_MAX_SOURCES];	/* all 0: none */
	double alpha, decay;
	double mean[BATCH_MAX_SOURCES];
	int64_t seen[BATCH_MAX_SOURCES];	/* steps that had images of the source */
	int64_t stuck;	/* steps in a row in which the last source's loss was next to nothing */
};

/* Below this part of the first source's loss, for so many steps, a source teaches nothing. */
#define JOINT_NOTHING 1e-3
enum { JOINT_STUCK_STEPS = 100 };

/* Error: what is wrong whatever the data are: lists that are none; options that exclude each other; a quota that is no batch. */
int joint_check_options(const struct joint_options *o, int64_t batch) MUST_CHECK;

/* Names are the arena's. Error: the input was not mixed by tmix, or of another number of sources. */
int joint_init(struct joint *j, const struct joint_options *o, const struct stream_header *header, struct arena *a) MUST_CHECK;

/* The weights of the next step; NULL when joint training is off. */
const struct batch_sources *joint_weights(struct joint *j);

/* After a step whose loss is finite. 1 when the last source has been stuck at nothing for JOINT_STUCK_STEPS steps, just now; else 0. */
int joint_take(struct joint *j, const struct batch *b, const struct model_loss *loss);

/* What a state keeps of it, "mean,seen;mean,seen;stuck"; in arena memory. */
const char *joint_text(const struct joint *j, struct arena *a) MUST_CHECK;

/* Take it back. Error: damaged, or of another number of sources. */
int joint_read(struct joint *j, const char *text) MUST_CHECK;

#endif
