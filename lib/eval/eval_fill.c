#include "base/threads.h"
#include "eval/eval_flow.h"

/* The objects of an image are together, in the order given. */
struct grouped {
	int64_t *index;	/* [n] */
	int64_t *start;	/* [n_images + 1] first of each image in index */
};

static int group_by_image(struct grouped *g, const struct eval_object *x, int64_t n, int32_t n_images, struct arena *a)
{
	for (int64_t i = 0; i < n; i++)
		if (x[i].image < 0 || x[i].image >= n_images)
			return err_set("eval: detection %lld: image %d is not in [0, %d)", (long long)i, x[i].image, n_images);
	g->index = arena_alloc(a, (size_t)n * sizeof *g->index);
	g->start = arena_calloc(a, (size_t)n_images + 2, sizeof *g->start);
	if (g->index == NULL || g->start == NULL)
		return -1;
	/* Counted two places on, so that each start is where it belongs when its image is filled. */
	for (int64_t i = 0; i < n; i++)
		g->start[x[i].image + 2]++;
	for (int32_t i = 0; i < n_images; i++)
		g->start[i + 2] += g->start[i + 1];
	for (int64_t i = 0; i < n; i++)
		g->index[g->start[x[i].image + 1]++] = i;
	return 0;
}

/* Some images with their detections. */
struct batch {
	int32_t first, last;
	struct arena arena;
	struct eval_matches matches;
};

struct run {
	const struct eval_input *input;
	struct eval_flow *flow;
	struct grouped dt;
	int32_t next;	/* image */
};

enum { BATCHES_PER_THREAD = 3, BATCH_DETECTIONS = 4096 };

static int next_batch(void *context, void *item)
{
	struct run *run = context;
	struct batch *batch = item;
	batch->first = run->next;
	while (run->next < run->input->n_images &&
	       run->dt.start[run->next] - run->dt.start[batch->first] < BATCH_DETECTIONS)
		run->next++;
	batch->last = run->next;
	return batch->first < batch->last;
}

static int match_batch(void *context, void *item)
{
	const struct run *run = context;
	struct batch *batch = item;
	for (int32_t image = batch->first; image < batch->last; image++) {
		const int64_t *index = run->dt.index + run->dt.start[image];
		int64_t n = run->dt.start[image + 1] - run->dt.start[image];
		arena_reset(&batch->arena);
		struct eval_object *dt = arena_alloc(&batch->arena, (size_t)n * sizeof *dt);
		if (dt == NULL)
			return -1;
		for (int64_t i = 0; i < n; i++)
			dt[i] = run->input->dt[index[i]];
		TRY(eval_flow_match(run->flow, &batch->matches, image, dt, n));
	}
	return 0;
}

static int take_batch(void *context, void *item)
{
	return eval_flow_take(((struct run *)context)->flow, &((struct batch *)item)->matches);
}

static int match_all(struct run *run, int threads, struct arena *a)
{
	int n_items = BATCHES_PER_THREAD * threads;
	struct batch *batches = arena_calloc(a, (size_t)n_items, sizeof *batches);
	if (batches == NULL)
		return -1;
	for (int i = 0; i < n_items; i++)
		arena_init(&batches[i].arena, 1 << 16);
	int status = ordered_run(&(struct ordered_work){ .next = next_batch, .work = match_batch, .done = take_batch,
		.context = run, .items = batches, .n_items = n_items, .item_size = sizeof *batches }, threads);
	for (int i = 0; i < n_items; i++) {
		eval_matches_release(&batches[i].matches);
		arena_release(&batches[i].arena);
	}
	return status;
}

int eval_flow_fill(struct eval_flow *flow, const struct eval_input *in, struct arena *a)
{
	struct run run = { .input = in, .flow = flow };
	TRY(group_by_image(&run.dt, in->dt, in->n_dt, in->n_images, a));
	return match_all(&run, in->threads < 1 ? 1 : in->threads, a);
}
