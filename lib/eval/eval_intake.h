/*
 * eval_intake: detections on their way from the reader of a file or stream into an evaluation.
 *
 * They come in batches, in the order of the results. Where all detections of an image are together its matches are made at once
 * and the detections forgotten; what remains are 24 bytes each. That an image comes back shows only then: from there on all
 * detections are kept and matched at the end. Those that had been forgotten are read once more, from the results where these
 * are a file, else from a log (see eval_log.h), or from memory where no log can be written. The figures are the same
 * in all cases.
 *
 *     TRY(eval_intake_init(&intake, &set, &flow, can_reread));
 *     TRY(eval_batch_init(&batch, &intake));		// one for each batch under way
 *     ... fill batch.dt, and in any thread:
 *     TRY(eval_intake_prepare(&intake, &batch));
 *     ... in the order of the results:
 *     TRY(eval_intake_take(&intake, &batch));
 *     eval_batch_reset(&batch);
 *     ...
 *     TRY(eval_intake_finish(&intake));
 *     eval_intake_release(&intake);
 */
#ifndef EVAL_EVAL_INTAKE_H
#define EVAL_EVAL_INTAKE_H

#include "eval/eval_flow.h"
#include "eval/eval_log.h"
#include "eval/eval_objects.h"
#include "eval/eval_set.h"

/* Some detections in a row. */
struct eval_batch {
	struct arena arena;	/* masks and keypoints of dt */
	struct eval_objects dt;	/* those that are evaluated */
	struct eval_left_out dt_category;
	int64_t n_boxes_as_masks;
	/* Made by eval_intake_prepare(): */
	struct arena seen_arena;
	struct eval_seen seen;
	struct eval_matches matches;	/* of all images but the first and the last, which may go on in another batch */
};

struct eval_intake {
	struct eval_set *set;
	struct eval_flow *flow;	/* NULL: the detections are what is wanted, in set->dt */
	struct eval_kind kind;
	bool keep;	/* all detections are kept; see is_kept() */
	bool can_reread;
	bool again;	/* eval_intake_take() failed because the results have to be read again */
	int64_t n_taken;	/* batches */
	struct arena arena;	/* what kept detections point to */
	struct eval_objects kept;
	struct eval_log log;
	bool *seen_image;	/* [n_images] */
	int32_t image;	/* whose detections are not complete, or -1 */
	struct eval_objects open;	/* these */
	struct arena open_arena;
	struct eval_matches matches;
};

/* flow may be NULL: then detections go to set->dt. Error: memory. */
int eval_intake_init(struct eval_intake *intake, struct eval_set *set, struct eval_flow *flow, bool can_reread) MUST_CHECK;

/* Begin again, this time keeping all detections. Forgets what results have left in the set. */
void eval_intake_restart(struct eval_intake *intake);

/* What can be done with a batch by itself. Error: a mask or a number that is not valid; memory. */
int eval_intake_prepare(const struct eval_intake *intake, struct eval_batch *batch) MUST_CHECK;

/*
 * Take the batch that comes next. Error: memory; or intake->again, when the results have to be read from their beginning, after
 * eval_intake_restart().
 */
int eval_intake_take(struct eval_intake *intake, struct eval_batch *batch) MUST_CHECK;

/* All has been taken: fill the flow or set->dt. Error: a number that is not valid; memory. */
int eval_intake_finish(struct eval_intake *intake) MUST_CHECK;

void eval_intake_release(struct eval_intake *intake);

/* Error: memory. */
int eval_batch_init(struct eval_batch *batch, const struct eval_intake *intake) MUST_CHECK;
void eval_batch_reset(struct eval_batch *batch);
void eval_batch_release(struct eval_batch *batch);

#endif
