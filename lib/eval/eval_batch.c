#include "eval/eval_intake.h"

int eval_batch_init(struct eval_batch *batch, const struct eval_intake *intake)
{
	*batch = (struct eval_batch){ 0 };
	arena_init(&batch->arena, 1 << 16);
	arena_init(&batch->seen_arena, 1 << 12);
	return eval_seen_init(&batch->seen, intake->set->n_categories, &batch->seen_arena);
}

void eval_batch_reset(struct eval_batch *batch)
{
	arena_reset(&batch->arena);
	batch->dt.n = 0;
	batch->dt_category = (struct eval_left_out){ 0 };
	batch->n_boxes_as_masks = 0;
	eval_seen_clear(&batch->seen);
	batch->matches.kept.n = batch->matches.changed.n = 0;
}

void eval_batch_release(struct eval_batch *batch)
{
	arena_release(&batch->arena);
	arena_release(&batch->seen_arena);
	eval_objects_release(&batch->dt);
	eval_matches_release(&batch->matches);
}
