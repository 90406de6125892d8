/*
 * eval_flow: an evaluation that takes one image's detections after the other and keeps a record of each.
 *
 * Images may come in any order, each once at most; images that never come have no detections. Memory is the annotations, one
 * image's detections, and 24 bytes a kept detection; for those whose outcome depends on the order of equal scores,
 * another 24.
 *
 *     TRY(eval_flow_init(&flow, &type, n_images, n_categories, gt, n_gt, &arena));
 *     while (there are images)
 *             TRY(eval_flow_match(&flow, &matches, image, detections, n));
 *     TRY(eval_flow_take(&flow, &matches));
 *     TRY(eval_flow_finish(&result, &flow, canonical, threads, &arena));
 *     eval_matches_release(&matches);
 *     eval_flow_release(&flow);
 */
#ifndef EVAL_EVAL_FLOW_H
#define EVAL_EVAL_FLOW_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"
#include "eval/eval_record.h"

#include <stdbool.h>
#include <stdint.h>

struct eval_flow {
	struct eval_type type;
	int32_t n_images, n_categories;
	const struct eval_object *gt;	/* [n_gt] by image, category, and as given */
	const int64_t *start;	/* [n_images + 1] first of each image in gt */
	int64_t *wanted;	/* [n_categories n_ranges] annotations that have to be found */
	struct eval_records kept;	/* in the strict order of ties */
	struct eval_records changed;	/* those whose outcome is another in the canonical order, with that outcome */
};

/* What one thread works with; all zeros is ready. */
struct eval_matches {
	struct arena scratch;
	bool ready;
	struct eval_records kept, changed;
};

/* Copies the annotations into the arena. Error: an image or category out of range; a NaN; too many categories; memory. */
int eval_flow_init(struct eval_flow *flow, const struct eval_type *type, int32_t n_images, int32_t n_categories,
		   const struct eval_object *gt, int64_t n_gt, struct arena *a) MUST_CHECK;

/*
 * Match the detections [n] of one image, in the results' order, into `matches`. Threads may do so at once, each with its own.
 * Error: a category out of range; a NaN; memory.
 */
int eval_flow_match(const struct eval_flow *flow, struct eval_matches *matches, int32_t image, const struct eval_object *dt,
		    int64_t n) MUST_CHECK;

/* Move what was matched into the flow. */
int eval_flow_take(struct eval_flow *flow, struct eval_matches *matches) MUST_CHECK;

/* All of the input's detections, in input->threads threads. Error: as for the two above; an image out of range. */
int eval_flow_fill(struct eval_flow *flow, const struct eval_input *input, struct arena *a) MUST_CHECK;

/* Accumulate and average, see eval_run(). The result lives in the arena. */
int eval_flow_finish(struct eval_result *result, struct eval_flow *flow, bool canonical, int threads, struct arena *a) MUST_CHECK;

void eval_matches_release(struct eval_matches *matches);
void eval_flow_release(struct eval_flow *flow);

#endif
