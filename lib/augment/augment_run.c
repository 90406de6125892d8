#include "augment/augment_run.h"

#include "augment/explain.h"
#include "augment/preview.h"
#include "base/threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_PER_THREAD = 2, ARENA_BLOCK = 4 << 20 };

/* What becomes of a sample, or of one of its views. */
struct result {
	struct sample in, out;
	struct augment_plan plan;
	uint8_t *encoded;
	size_t encoded_size;
	struct augment_loss loss;
};

/* One sample under way. Everything about it is in its arena. */
struct item {
	struct arena arena;
	struct stream_body body;	/* a copy: the reader reuses its own */
	struct sample in;
	struct result *results;	/* [views] */
	char damage[512];	/* why the image was not usable; "" when it was */
};

struct context {
	struct augment_run *run;
	struct arena *arena;
	int64_t done;
};

static int next_item(void *context, void *pointer)
{
	struct context *c = context;
	struct item *item = pointer;
	struct stream_body body;
	int got = stream_reader_next(c->run->reader, &body);
	if (got != 1)
		return got;
	arena_reset(&item->arena);
	uint8_t *copy = arena_alloc(&item->arena, body.size);
	if (copy == NULL)
		return -1;
	memcpy(copy, body.data, body.size);
	item->body = body;
	item->body.data = copy;
	return 1;
}

static int describe(const struct augment_run *run, const struct item *item)
{
	char id[128];
	const char *file = item->in.file_name;
	return err_context("record %lld of %s, image %s%s%s", (long long)item->body.number,
			   stream_reader_name(run->reader), sample_id_text(&item->in.id, id),
			   file[0] != '\0' ? ", file " : "", file);
}

/* View number k of the item's sample. */
static int work_view(const struct augment_run *run, struct item *item, int k)
{
	struct result *r = &item->results[k];
	r->loss = (struct augment_loss){ 0 };
	r->in = item->in;
	int64_t view = (int64_t)item->in.view * run->views + k;
	if (view > INT32_MAX)
		return err_set("record %lld of %s is view %d already", (long long)item->body.number,
			       stream_reader_name(run->reader), item->in.view);
	r->in.view = (int32_t)view;
	if (augment_sample_plan(&r->out, &r->plan, &r->in, &run->param, &r->loss, &item->arena) == 0)
		return sample_encode(&r->encoded, &r->encoded_size, &r->out, &item->arena);
	describe(run, item);
	if (!run->skip_bad)
		return -1;
	snprintf(item->damage, sizeof item->damage, "%s", err_get());
	return 0;
}

static int work_item(void *context, void *pointer)
{
	struct context *c = context;
	struct item *item = pointer;
	item->damage[0] = '\0';
	sample_init(&item->in);
	if (sample_decode(&item->in, &item->body, &item->arena) != 0 ||
	    sample_check(&item->in, stream_reader_header(c->run->reader)) != 0)
		return err_context("record %lld of %s", (long long)item->body.number,
				   stream_reader_name(c->run->reader));
	item->results = arena_alloc(&item->arena, (size_t)c->run->views * sizeof *item->results);
	if (item->results == NULL)
		return -1;
	for (int k = 0; k < c->run->views && item->damage[0] == '\0'; k++)
		TRY(work_view(c->run, item, k));
	return 0;
}

static int reject_objects(struct context *c, const struct augment_loss *loss)
{
	struct stream_trailer *t = &c->run->trailer;
	if (loss->outside > 0)
		TRY(stream_trailer_reject(t, "box outside the cut", 0, loss->outside, c->arena));
	if (loss->empty > 0)
		TRY(stream_trailer_reject(t, "box without area", 0, loss->empty, c->arena));
	if (loss->crowd > 0)
		TRY(stream_trailer_reject(t, "crowd", 0, loss->crowd, c->arena));
	c->run->loss.outside += loss->outside;
	c->run->loss.empty += loss->empty;
	c->run->loss.crowd += loss->crowd;
	c->run->loss.keypoints += loss->keypoints;
	return 0;
}

static int done_view(struct context *c, const struct result *r)
{
	struct augment_run *run = c->run;
	TRY(reject_objects(c, &r->loss));
	if (run->explain != NULL)
		augment_explain(run->explain, &r->in, &r->plan, run->param.quirks);
	if (run->preview != NULL)
		TRY(preview_add(run->preview, &r->in, &r->out, &r->plan));
	return stream_writer_put(run->writer, r->encoded, r->encoded_size, r->out.n);
}

static int done_item(void *context, void *pointer)
{
	struct context *c = context;
	struct item *item = pointer;
	struct augment_run *run = c->run;
	/* A sample counts as many times as it has views: in = out + rejected. */
	run->trailer.in.records += run->views;
	run->trailer.in.objects += run->views * item->in.n;
	if (run->progress != NULL)
		progress_update(run->progress, ++c->done, "");
	if (item->damage[0] != '\0') {
		if (run->say != NULL)
			run->say(item->damage);
		return stream_trailer_reject(&run->trailer, "damaged image", run->views, run->views * item->in.n, c->arena);
	}
	for (int k = 0; k < run->views; k++)
		TRY(done_view(c, &item->results[k]));
	return 0;
}

int augment_run(struct augment_run *run, struct arena *a)
{
	struct context context = { .run = run, .arena = a };
	int n_items = run->threads * ITEMS_PER_THREAD;
	struct item *items = arena_calloc(a, (size_t)n_items, sizeof *items);
	if (items == NULL)
		return -1;
	for (int i = 0; i < n_items; i++)
		arena_init(&items[i].arena, ARENA_BLOCK);
	struct ordered_work work = {
		.next = next_item, .work = work_item, .done = done_item,
		.context = &context, .items = items, .n_items = n_items, .item_size = sizeof *items,
	};
	int status = ordered_run(&work, run->threads);
	for (int i = 0; i < n_items; i++) {
		run->mallocs += items[i].arena.mallocs;
		arena_release(&items[i].arena);
	}
	return status;
}
