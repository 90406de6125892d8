#include "coco/pack_run.h"

#include "base/rng.h"
#include "base/threads.h"
#include "coco/id_map.h"
#include "coco/pack_account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
	struct dataset *d;
	const struct pack_options *options;
	const struct pack_sink *sink;
	struct pack_account account;
	struct id_map seen;	/* hashes of source and id of the first epoch, of several sources */
	int64_t clipped, corrupted;
	struct sampler sampler;
	int64_t seq;	/* of the next record to fetch; for a stream its number */
	struct stream_count passed;	/* deselected while fetching, which may be at the same time as writing */
	int64_t done, planned;
};

/* A record on its way through the threads. */
struct item {
	struct dataset_record record;
	int64_t seq;
	int64_t corrupted;	/* labels */
	void *prepared;	/* by the sink, unless rejected or deselected */
};

/* Records of the whole run, rejects included, --start not regarded. -1: not known. */
static int64_t planned_records(const struct dataset *d, const struct pack_options *o)
{
	int64_t length = d->n >= 0 ? o->ready->length : d->header != NULL ? d->header->planned : -1, count = o->sampler.count;
	if (d->n < 0 && count >= 0 && (length < 0 || count < length))
		length = count;
	return length < 0 ? -1 : sampler_planned(&o->sampler, length);
}

int pack_run_header(struct stream_header *header, struct dataset *d, const struct pack_options *options,
		    const struct provenance *link)
{
	struct stream_header from = { .kind = "sample", .n_categories = d->n_categories, .categories = d->categories };
	struct provenance named = *link;
	/* The data are named by what they hold, so that a resumed run can tell others from its own. */
	if (d->n >= 0) {
		size_t room = strlen(link->options) + 256;
		char *text = arena_alloc(&d->arena, room);
		if (text == NULL)
			return -1;
		snprintf(text, room, "%s data=%.100s:%016" PRIx64, link->options, d->name, dataset_fingerprint(d));
		named.options = text;
	}
	if (d->header != NULL)
		from = *d->header;
	from.n_about = d->n_about;
	from.about = d->about;
	TRY(stream_header_extend(header, &from, &named, &d->arena));
	header->planned = planned_records(d, options);
	/* A stream's positions are its own, and its beginning may be missing already. */
	header->start = d->n < 0 && header->start > options->start ? header->start : options->start;
	return 0;
}

/* Tell the data set which images come, so many records of this part ahead; in order they need no telling. */
static void expect_ahead(struct run *run)
{
	enum { FAR = 24, SOON = 12 };
	struct sampler *s = &run->sampler;
	for (int soon = 0; soon < 2; soon++) {
		int64_t seq = run->seq + (soon ? SOON : FAR) * run->options->sampler.parts;
		/* The order of the next epoch is not at hand. */
		if (seq < s->length && seq / s->n == s->order_epoch)
			run->d->kind->expect(run->d, sampler_image(s, seq), soon);
	}
}

/* fetch, in order: the next position of this part. */
static int next_item(void *context, void *argument)
{
	struct run *run = context;
	struct item *item = argument;
	struct dataset_record *r = &item->record;
	if (run->d->n < 0) {
		r->index = run->seq++;
		return dataset_fetch(run->d, r);
	}
	for (; run->seq < run->sampler.length; run->seq++) {
		r->index = sampler_image(&run->sampler, run->seq);
		if (sampler_has(&run->options->sampler, run->seq)) {
			if (run->options->sampler.shuffle && run->d->kind->expect != NULL)
				expect_ahead(run);
			item->seq = run->seq++;
			return dataset_fetch(run->d, r);
		}
		count_add(&run->passed, 1, run->d->n_objects[r->index]);
	}
	return 0;
}

static int corrupt_item(const struct run *run, struct item *item)
{
	struct dataset_record *r = &item->record;
	item->corrupted = 0;
	if (run->options->corrupt.rate == 0)
		return 0;
	const struct stream_header header = { .n_categories = run->d->n_categories };
	if (sample_check(&r->sample, &header) != 0)
		return err_context("record %lld of '%s'", (long long)r->fetched.number, run->d->path);
	return corrupt_labels(&item->corrupted, &r->sample, run->d->n_categories, &run->options->corrupt, &r->arena);
}

/* load and prepare, in any thread. */
static int work_item(void *context, void *argument)
{
	struct run *run = context;
	struct item *item = argument;
	struct dataset_record *r = &item->record;
	TRY(dataset_load(run->d, r));
	if (run->d->n < 0)
		item->seq = r->sample.seq;	/* the sampler is upstream, or the order is that of the input */
	if (r->reject != NULL || r->deselected)
		return 0;
	if (run->d->options.unlabelled)
		sample_strip_labels(&r->sample);
	TRY(corrupt_item(run, item));
	if (run->d->n >= 0) {
		r->sample.seq = item->seq;
		r->sample.epoch = item->seq / run->sampler.n;
	}
	return run->sink->prepare(run->sink->context, r, &item->prepared);
}

/* A stream's records carry their positions with them; the same rules as for an index. */
static bool wanted_of_stream(const struct run *run, int64_t seq)
{
	const struct sampler_options *o = &run->options->sampler;
	return seq >= run->options->start && (o->count < 0 || seq < o->count) && sampler_has(o, seq);
}

/* Of several sources any two may be the same images by mistake. */
static int check_new(struct run *run, const struct item *item)
{
	const struct dataset_record *r = &item->record;
	const struct sample_id *id = &r->sample.id;
	char text[128];
	if (run->sink->takes_same || run->d->n_sources < 2 || item->seq >= run->sampler.n)
		return 0;
	uint64_t key = rng_mix_text(0, r->sample.source);
	key = id->text != NULL ? rng_mix_text(key, id->text) : rng_mix(key, (uint64_t)id->number);
	int added = id_map_add(&run->seen, (struct sample_id){ .number = (int64_t)key }, r->source);
	if (added != 0)
		return added < 0 ? -1 : 0;
	return err_set("image %s of source '%s' is there twice in '%s'; if these are different images, give the sources names of "
		       "their own with --source", sample_id_text(id, text), r->sample.source, run->d->path);
}

/* What is not written of a record that is. */
static int count_objects(struct run *run, const struct item *item)
{
	const struct dataset_record *r = &item->record;
	for (int64_t i = 0; i < r->n_rejects; i++)
		TRY(account_reject(&run->account, r, item->seq, &r->rejects[i]));
	count_add(&run->account.trailer.deselected, 0, run->d->options.unlabelled ? r->n_objects : r->n_deselected);
	run->clipped += r->n_clipped;
	run->corrupted += item->corrupted;
	return 0;
}

/* count and write, in order. */
static int done_item(void *context, void *argument)
{
	struct run *run = context;
	struct item *item = argument;
	struct dataset_record *r = &item->record;
	struct stream_trailer *t = &run->account.trailer;
	bool wanted = true;
	if (run->options->progress != NULL)
		run->options->progress(run->options->progress_context, ++run->done, run->planned);
	if (run->d->n < 0) {
		count_add(&t->in, 1, r->n_objects);
		wanted = wanted_of_stream(run, item->seq);
	}
	if (!wanted || (r->reject == NULL && r->deselected)) {
		count_add(&t->deselected, 1, r->n_objects);
		return 0;
	}
	if (r->reject != NULL)
		return account_reject(&run->account, r, item->seq, NULL);
	TRY(check_new(run, item));
	TRY(run->sink->put(run->sink->context, r, item->prepared));
	if (r->reject != NULL)
		return account_reject(&run->account, r, item->seq, NULL);
	TRY(count_objects(run, item));
	count_add(&t->out, 1, r->sample.n);
	return 0;
}

static int run_items(struct run *run)
{
	int threads = run->options->threads;
	int n = threads > 1 ? 4 * threads : 1;
	struct item *items = calloc((size_t)n, sizeof *items);
	if (items == NULL)
		return err_set("out of memory");
	for (int i = 0; i < n; i++)
		dataset_record_init(&items[i].record);
	const struct ordered_work work = {
		.next = next_item, .work = work_item, .done = done_item, .context = run,
		.items = items, .n_items = n, .item_size = sizeof *items,
	};
	int status = ordered_run(&work, threads);
	for (int i = 0; i < n; i++)
		dataset_record_release(&items[i].record);
	free(items);
	return status;
}

static int check_stream_options(const struct run *run)
{
	const struct sampler_options *o = &run->options->sampler;
	const char *what = o->shuffle ? "shuffling" : o->epochs != 1 ? "more than one epoch" :
		o->selection.fraction != 1 || o->selection.subset > 0 ? "a fraction" :
		o->selection.images_per_class > 0 || o->selection.objects_per_class > 0 || o->selection.imbalance > 0 ?
		"choosing by classes" : NULL;
	if (what == NULL)
		return 0;
	return err_set("'%s' is a stream, and %s needs a source that can be read in any order: write it to a pack first "
		       "(coco-pack -o x.pack)", run->d->path, what);
}

static int run_all(struct run *run)
{
	if (run->d->n < 0) {
		run->sampler.options = run->options->sampler;
		TRY(check_stream_options(run));
	} else {
		run->sampler = *run->options->ready;
		if (run->options->start > run->sampler.length)
			return err_set("--start %lld is behind the end of the run of %lld records",
				       (long long)run->options->start, (long long)run->sampler.length);
		run->planned = sampler_planned(&run->options->sampler, run->sampler.length);
		account_index(&run->account);
		run->seq = run->options->start;
		TRY(account_orphans(&run->account));
	}
	TRY(run_items(run));
	count_add(&run->account.trailer.deselected, run->passed.records, run->passed.objects);
	return account_check(&run->account);
}

int pack_run(struct pack_result *result, struct dataset *d, const struct pack_options *options, const struct pack_sink *sink)
{
	struct run run = { .d = d, .options = options, .sink = sink };
	run.account = (struct pack_account){ .d = d, .sampler = &run.sampler, .start = options->start,
		.strict = options->strict, .rejects = options->rejects };
	id_map_init(&run.seen);
	int status = run_all(&run);
	id_map_release(&run.seen);
	*result = (struct pack_result){ .trailer = run.account.trailer, .clipped = run.clipped, .corrupted = run.corrupted };
	/* No stream is complete before its list of rejects is. */
	if (status == 0 && options->rejects != NULL && fflush(options->rejects) != 0)
		status = err_errno("cannot write the list of rejects");
	if (status != 0) {
		sink->abandon(sink->context);
		return -1;
	}
	return sink->close(sink->context, &result->trailer);
}
