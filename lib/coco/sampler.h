/*
 * sampler: which image stands at which position of a run.
 *
 * A run is `epochs` passes over the selected images; position seq is place seq % n of epoch seq / n, and
 * with shuffling each epoch has its own order, a permutation of all selected images keyed by (seed, epoch).
 * Any position is found without those before it.
 */
#ifndef COCO_SAMPLER_H
#define COCO_SAMPLER_H

#include "coco/selection.h"

struct sampler_options {
	bool shuffle;
	uint64_t seed;
	int64_t epochs;	/* 0: as many as count needs */
	int64_t count;	/* positions of the run at most; -1: all of the epochs */
	struct selection_options selection;	/* of the images; does not change from epoch to epoch */
	int64_t part, parts;	/* of the positions only those that are part modulo parts */
};

struct sampler {
	struct sampler_options options;
	int64_t n;	/* selected images */
	int64_t *selected;	/* [n] their indices, ascending */
	int n_short;	/* classes of which there are fewer images or objects than were asked for */
	int64_t length;	/* positions of the run, of all parts */
	int64_t epochs;	/* that the run begins */
	int64_t order_epoch;	/* the epoch whose order is at hand; -1: none */
	int64_t *order;	/* [n] selected in the order of order_epoch; used when shuffling */
};

/* Error: what no data could make sense of: epochs 0 without count; that of selection_check_options(). */
int sampler_check_options(const struct sampler_options *o) MUST_CHECK;

/* Error: that of sampler_check_options(); nothing is selected; memory. The data set's arena is used. */
int sampler_init(struct sampler *s, struct dataset *d, const struct sampler_options *options) MUST_CHECK;

/* Index in the data set of the image at seq, 0 <= seq < length. O(1) within an epoch, O(n) at its first. */
int64_t sampler_image(struct sampler *s, int64_t seq);

/* True when this part of the run has the position. */
bool sampler_has(const struct sampler_options *o, int64_t seq);

/* How many of the positions 0..length-1 this part has. */
int64_t sampler_planned(const struct sampler_options *o, int64_t length);

#endif
