#include "eval/eval_intake.h"

#include "eval/eval_outline.h"

#include <stdlib.h>
#include <string.h>

/* Set by the thread that takes batches; those that prepare them may see it late. */
static bool is_kept(const struct eval_intake *intake)
{
	return __atomic_load_n(&intake->keep, __ATOMIC_RELAXED);
}

static void keep_all(struct eval_intake *intake)
{
	__atomic_store_n(&intake->keep, true, __ATOMIC_RELAXED);
}

int eval_intake_init(struct eval_intake *intake, struct eval_set *set, struct eval_flow *flow, bool can_reread)
{
	*intake = (struct eval_intake){ .set = set, .flow = flow, .kind = { set->shape, set->outlines }, .keep = flow == NULL,
		.can_reread = can_reread, .log.fd = -1, .image = -1 };
	arena_init(&intake->arena, 1 << 16);
	arena_init(&intake->open_arena, 1 << 16);
	intake->seen_image = calloc((size_t)set->n_images + 1, sizeof *intake->seen_image);
	if (intake->seen_image == NULL)
		return err_set("out of memory");
	/* Where this fails, detections are put aside in memory. */
	if (flow != NULL && !can_reread && eval_log_open(&intake->log) != 0)
		intake->log.fd = -1;
	return eval_seen_init(&set->seen, set->n_categories, set->arena);
}

void eval_intake_release(struct eval_intake *intake)
{
	free(intake->seen_image);
	eval_log_close(&intake->log);
	eval_objects_release(&intake->kept);
	eval_objects_release(&intake->open);
	eval_matches_release(&intake->matches);
	arena_release(&intake->arena);
	arena_release(&intake->open_arena);
}

/* Nothing has been matched, and all that comes is kept. */
static void forget_matches(struct eval_intake *intake)
{
	intake->flow->kept.n = intake->flow->changed.n = 0;
	intake->matches.kept.n = intake->matches.changed.n = 0;
	intake->open.n = 0;
	intake->image = -1;
	keep_all(intake);
}

void eval_intake_restart(struct eval_intake *intake)
{
	struct eval_set *set = intake->set;
	forget_matches(intake);
	eval_seen_clear(&set->seen);
	set->n_dt = 0;
	set->dt_category = (struct eval_left_out){ 0 };
	set->n_boxes_as_masks = 0;
	intake->again = false;
	intake->n_taken = 0;
}

/* How many of the first objects [n >= 1] are of one image. */
static int64_t same_image(const struct eval_object *x, int64_t n)
{
	int64_t count = 1;
	while (count < n && x[count].image == x[0].image)
		count++;
	return count;
}

/* All detections [n] of an image. */
static int match_image(const struct eval_intake *intake, struct eval_matches *matches, const struct eval_object *dt, int64_t n,
		       struct arena *a)
{
	if (intake->set->n_separate > 0) {
		struct eval_object *united = arena_alloc(a, (size_t)n * sizeof *united);
		if (united == NULL)
			return -1;
		memcpy(united, dt, (size_t)n * sizeof *united);
		TRY(eval_unite_classes(united, n, intake->set->n_separate, a));
		dt = united;
	}
	return eval_flow_match(intake->flow, matches, dt[0].image, dt, n);
}

static void look_at_sizes(const struct eval_set *set, struct eval_batch *batch)
{
	for (int64_t i = 0; i < batch->dt.n; i++) {
		const struct eval_object *x = &batch->dt.at[i];
		struct eval_size size = set->sizes[eval_lookup_image(&set->lookup, &set->images[x->image])];
		if (size.h > 0 && size.w > 0 && (x->mask->h != size.h || x->mask->w != size.w))
			eval_seen_off_size(&batch->seen, x->mask->h, x->mask->w);
	}
}

int eval_intake_prepare(const struct eval_intake *intake, struct eval_batch *batch)
{
	const struct eval_object *dt = batch->dt.at;
	int64_t n = batch->dt.n;
	eval_seen_add(&batch->seen, dt, n);
	if (intake->set->sizes != NULL)
		look_at_sizes(intake->set, batch);
	if (intake->kind.outlines)
		TRY(eval_outlines_make(batch->dt.at, n, 1, &batch->arena));
	if (n == 0 || is_kept(intake))
		return 0;
	int64_t i = same_image(dt, n);
	for (int64_t of_image; i < n; i += of_image) {
		of_image = same_image(dt + i, n - i);
		if (i + of_image < n)
			TRY(match_image(intake, &batch->matches, dt + i, of_image, &batch->arena));
	}
	return 0;
}

/* For the case that an image comes back: unless the results can be read again, what has gone by must be somewhere. */
static int put_aside(struct eval_intake *intake, const struct eval_object *dt, int64_t n)
{
	if (intake->can_reread)
		return 0;
	if (intake->log.fd >= 0 && eval_log_write(&intake->log, dt, n, intake->kind) == 0)
		return 0;
	if (intake->log.fd >= 0) {
		TRY(eval_log_read(&intake->log, &intake->kept, intake->kind, &intake->arena));
		eval_log_close(&intake->log);
	}
	return eval_objects_copy(&intake->kept, dt, n, intake->kind, &intake->arena);
}

static int match_open(struct eval_intake *intake)
{
	if (intake->image >= 0)
		TRY(match_image(intake, &intake->matches, intake->open.at, intake->open.n, &intake->open_arena));
	intake->image = -1;
	intake->open.n = 0;
	arena_reset(&intake->open_arena);
	return eval_flow_take(intake->flow, &intake->matches);
}

static int leave_open(struct eval_intake *intake, const struct eval_object *dt, int64_t n)
{
	intake->image = dt[0].image;
	return eval_objects_copy(&intake->open, dt, n, intake->kind, &intake->open_arena);
}

/* No image comes back in the batch, as far as is known. */
static bool is_grouped(struct eval_intake *intake, const struct eval_batch *batch)
{
	const struct eval_object *dt = batch->dt.at;
	for (int64_t i = 0, n; i < batch->dt.n; i += n) {
		n = same_image(dt + i, batch->dt.n - i);
		if (intake->seen_image[dt[i].image] && !(i == 0 && dt[i].image == intake->image))
			return false;
		intake->seen_image[dt[i].image] = true;
	}
	return true;
}

static int take_grouped(struct eval_intake *intake, struct eval_batch *batch)
{
	const struct eval_object *dt = batch->dt.at;
	int64_t n = batch->dt.n, first = same_image(dt, n), last = n;
	TRY(put_aside(intake, dt, n));
	if (dt[0].image != intake->image)
		TRY(match_open(intake));
	TRY(leave_open(intake, dt, first));
	if (first == n)
		return 0;
	TRY(match_open(intake));
	TRY(eval_flow_take(intake->flow, &batch->matches));
	while (dt[last - 1].image == dt[n - 1].image)
		last--;
	return leave_open(intake, dt + last, n - last);
}

/* An image has come back. */
static int change_over(struct eval_intake *intake)
{
	if (intake->n_taken > 0 && intake->can_reread) {
		intake->again = true;
		return err_set("the results have to be read again");
	}
	if (intake->log.fd >= 0)
		TRY(eval_log_read(&intake->log, &intake->kept, intake->kind, &intake->arena));
	eval_log_close(&intake->log);
	forget_matches(intake);
	return 0;
}

int eval_intake_take(struct eval_intake *intake, struct eval_batch *batch)
{
	struct eval_set *set = intake->set;
	if (!is_kept(intake) && !is_grouped(intake, batch))
		TRY(change_over(intake));
	if (batch->dt_category.n > 0 && set->dt_category.n == 0)
		memcpy(set->dt_category.first, batch->dt_category.first, sizeof set->dt_category.first);
	set->dt_category.n += batch->dt_category.n;
	set->n_boxes_as_masks += batch->n_boxes_as_masks;
	set->n_dt += batch->dt.n;
	eval_seen_join(&set->seen, &batch->seen);
	intake->n_taken++;
	if (batch->dt.n == 0)
		return 0;
	if (!is_kept(intake))
		return take_grouped(intake, batch);
	struct arena *a = intake->flow == NULL ? set->arena : &intake->arena;
	return eval_objects_copy(&intake->kept, batch->dt.at, batch->dt.n, intake->kind, a);
}

/* All into the arena of the set. */
static int move_to_set(struct eval_intake *intake)
{
	struct eval_set *set = intake->set;
	size_t size = (size_t)intake->kept.n * sizeof *set->dt;
	set->dt = arena_alloc(set->arena, size);
	if (set->dt == NULL)
		return -1;
	if (size > 0)
		memcpy(set->dt, intake->kept.at, size);
	return set->n_separate > 0 ? eval_unite_classes(set->dt, set->n_dt, set->n_separate, set->arena) : 0;
}

int eval_intake_finish(struct eval_intake *intake)
{
	const struct eval_set *set = intake->set;
	if (intake->flow == NULL)
		return move_to_set(intake);
	if (!is_kept(intake))
		return match_open(intake);
	if (set->n_separate > 0)
		TRY(eval_unite_classes(intake->kept.at, intake->kept.n, set->n_separate, &intake->arena));
	const struct eval_input input = { .type = &intake->flow->type, .n_images = set->n_images,
		.n_categories = set->n_categories, .dt = intake->kept.at, .n_dt = intake->kept.n, .threads = set->threads };
	return eval_flow_fill(intake->flow, &input, &intake->arena);
}
