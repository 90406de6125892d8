#include "coco/pack_run.h"

#include "base/json.h"
#include "base/threads.h"

#include <stdlib.h>

struct run {
	struct dataset *d;
	const struct pack_options *options;
	struct stream_writer *writer;
	struct pack_result *result;
	struct sampler sampler;
	int64_t seq;	/* of the next record to fetch; for a stream its number */
	struct stream_count passed;	/* deselected while fetching: another thread than the one that writes */
	int64_t done, planned;
};

/* A record on its way through the threads. */
struct item {
	struct dataset_record record;
	int64_t seq;
	struct stream_part part;	/* encoded and hashed, unless rejected */
};

int pack_planned(int64_t *planned, struct dataset *d, const struct sampler_options *options)
{
	if (d->n < 0) {
		int64_t length = d->header->planned;
		if (options->count >= 0 && (length < 0 || options->count < length))
			length = options->count;
		*planned = length < 0 ? -1 : sampler_planned(options, length);
		return 0;
	}
	struct sampler s;
	TRY(sampler_init(&s, d, options));
	*planned = sampler_planned(options, s.length);
	return 0;
}

static void add(struct stream_count *sum, int64_t records, int64_t objects)
{
	sum->records += records;
	sum->objects += objects;
}

/* fetch, in one thread: the next position of this part. */
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
			item->seq = run->seq++;
			return dataset_fetch(run->d, r);
		}
		add(&run->passed, 1, run->d->n_objects[r->index]);
	}
	return 0;
}

static void strip_labels(struct sample *s)
{
	s->n = 0;
	s->boxes = NULL;
	s->labels = NULL;
	s->area = NULL;
	s->iscrowd = s->ignore = NULL;
	s->score = s->weight = NULL;
	s->object_id = NULL;
	s->bbox = NULL;
	s->original_labels = NULL;
	s->masks = NULL;
	s->keypoints.data = s->semantic.data = NULL;
	s->class_label = s->original_class_label = -1;
}

/* load, encode and hash, in any thread. */
static int work_item(void *context, void *argument)
{
	struct run *run = context;
	struct item *item = argument;
	struct dataset_record *r = &item->record;
	uint8_t *body;
	size_t size;
	TRY(dataset_load(run->d, r));
	if (r->reject != NULL)
		return 0;
	if (run->d->options.unlabelled)
		strip_labels(&r->sample);
	if (run->d->n < 0) {
		item->seq = r->sample.seq;	/* the sampler is upstream */
	} else {
		r->sample.seq = item->seq;
		r->sample.epoch = item->seq / run->sampler.n;
	}
	TRY(sample_encode(&body, &size, &r->sample, &r->arena));
	return stream_writer_prepare(&item->part, run->writer, body, size, &r->arena);
}

static void put_id(struct json_writer *j, const char *key, const struct sample_id *id)
{
	json_put_key(j, key);
	if (id->text != NULL)
		json_put_string(j, id->text);
	else
		json_put_integer(j, id->number);
}

/* Count a reject and list it. One of object (a single object) and item's whole record is meant. */
static int reject(struct run *run, const struct item *item, const struct dataset_reject *object)
{
	const struct dataset_record *r = &item->record;
	const char *reason = object != NULL ? object->reason : r->reject;
	const char *detail = object == NULL && r->detail != NULL ? r->detail : "";
	char text[128];
	TRY(stream_trailer_reject(&run->result->trailer, reason, object == NULL, object != NULL ? 1 : r->n_objects,
				  &run->d->arena));
	if (run->options->strict && object != NULL)
		return err_set("record %lld ('%s'): object %lld: %s", (long long)item->seq, r->sample.file_name,
			       (long long)object->object_id, reason);
	if (run->options->strict)
		return err_set("record %lld (image %s, '%s'): %s%s%s", (long long)item->seq,
			       sample_id_text(&r->sample.id, text), r->sample.file_name, reason,
			       detail[0] != '\0' ? ": " : "", detail);
	if (run->options->rejects == NULL)
		return 0;
	struct json_writer j;
	json_writer_init(&j, run->options->rejects);
	json_put_object(&j);
	json_put_integer_of(&j, "seq", item->seq);
	put_id(&j, "image", &r->sample.id);
	json_put_string_of(&j, "file_name", r->sample.file_name);
	if (object != NULL)
		json_put_integer_of(&j, "object", object->object_id);
	else
		json_put_integer_of(&j, "objects", r->n_objects);
	json_put_string_of(&j, "reason", reason);
	if (detail[0] != '\0')
		json_put_string_of(&j, "detail", detail);
	json_put_end(&j, '}');
	fputc('\n', run->options->rejects);
	return 0;
}

/* A stream's records carry their positions with them; the same rules as for an index. */
static bool wanted_of_stream(const struct run *run, int64_t seq)
{
	const struct sampler_options *o = &run->options->sampler;
	return seq >= run->options->start && (o->count < 0 || seq < o->count) && sampler_has(o, seq);
}

/* count and write, in order and in one thread. */
static int done_item(void *context, void *argument)
{
	struct run *run = context;
	struct item *item = argument;
	struct dataset_record *r = &item->record;
	struct stream_trailer *t = &run->result->trailer;
	if (run->options->progress != NULL)
		run->options->progress(run->options->progress_context, ++run->done, run->planned);
	if (run->d->n < 0) {
		add(&t->in, 1, r->n_objects);
		if (!wanted_of_stream(run, item->seq)) {
			add(&t->deselected, 1, r->n_objects);
			return 0;
		}
	}
	if (r->reject != NULL)
		return reject(run, item, NULL);
	for (int64_t i = 0; i < r->n_rejects; i++)
		TRY(reject(run, item, &r->rejects[i]));
	if (run->d->options.unlabelled)
		add(&t->deselected, 0, r->n_objects);
	run->result->clipped += r->n_clipped;
	add(&t->out, 1, r->sample.n);
	return stream_writer_put_part(run->writer, &item->part, r->sample.n);
}

static int reject_orphans(struct run *run)
{
	struct dataset *d = run->d;
	if (d->options.unlabelled) {
		add(&run->result->trailer.deselected, 0, d->n_orphans * run->sampler.epochs);
		return 0;
	}
	for (int64_t i = 0; i < d->n_orphans * run->sampler.epochs; i++) {
		const struct dataset_orphan *o = &d->orphans[i % d->n_orphans];
		char text[128];
		TRY(stream_trailer_reject(&run->result->trailer, REJECT_ORPHAN, 0, 1, &d->arena));
		if (run->options->strict)
			return err_set("object %lld of image %s: %s", (long long)o->object_id,
				       sample_id_text(&o->image_id, text), REJECT_ORPHAN);
		if (run->options->rejects == NULL)
			continue;
		struct json_writer j;
		json_writer_init(&j, run->options->rejects);
		json_put_object(&j);
		put_id(&j, "image", &o->image_id);
		json_put_integer_of(&j, "object", o->object_id);
		json_put_string_of(&j, "reason", REJECT_ORPHAN);
		json_put_end(&j, '}');
		fputc('\n', run->options->rejects);
	}
	return 0;
}

/* Everything that goes in, and what is deselected without being looked at. */
static void count_index(struct run *run)
{
	struct sampler *s = &run->sampler;
	const struct dataset *d = run->d;
	struct stream_count all = { d->n, d->n_orphans }, selected = { s->n, 0 };
	for (int64_t i = 0; i < d->n; i++)
		all.objects += d->n_objects[i];
	for (int64_t i = 0; i < s->n; i++)
		selected.objects += d->n_objects[s->selected[i]];
	struct stream_trailer *t = &run->result->trailer;
	t->in = (struct stream_count){ all.records * s->epochs, all.objects * s->epochs };
	add(&t->deselected, (all.records - selected.records) * s->epochs,
	    (all.objects - d->n_orphans - selected.objects) * s->epochs);

	int64_t start = run->options->start, whole = start / s->n;
	add(&t->deselected, selected.records * whole, selected.objects * whole);
	for (int64_t seq = whole * s->n; seq < start; seq++)
		add(&t->deselected, 1, d->n_objects[sampler_image(s, seq)]);
	for (int64_t seq = s->length; seq < s->epochs * s->n; seq++)
		add(&t->deselected, 1, d->n_objects[sampler_image(s, seq)]);
}

static int check_account(const struct run *run)
{
	const struct stream_trailer *t = &run->result->trailer;
	struct stream_count sum = t->out;
	const struct stream_reject *most = NULL;
	int64_t rejected = 0;
	add(&sum, t->deselected.records, t->deselected.objects);
	for (int i = 0; i < t->n_rejects; i++) {
		const struct stream_reject *r = &t->rejects[i];
		add(&sum, r->count.records, r->count.objects);
		rejected += r->count.records;
		if (most == NULL || r->count.records > most->count.records)
			most = r;
	}
	if (sum.records != t->in.records || sum.objects != t->in.objects)
		return err_set("'%s': the index counts %lld objects in %lld records, but %lld in %lld came", run->d->path,
			       (long long)t->in.objects, (long long)t->in.records, (long long)sum.objects,
			       (long long)sum.records);
	/* A part or the tail of a run may be unlucky; a whole run of nothing but rejects is a mistake. */
	if (rejected > 0 && t->out.records == 0 && run->options->start == 0 && run->options->sampler.parts == 1)
		return err_set("all %lld records were rejected, %lld of them: %s", (long long)rejected,
			       (long long)most->count.records, most->reason);
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
		o->fraction != 1 || o->rest ? "a fraction" : NULL;
	if (what == NULL)
		return 0;
	return err_set("'%s' is a stream, and %s needs a source that can be read in any order: write it to a pack first "
		       "(coco-pack -o x.pack)", run->d->path, what);
}

static int run_all(struct run *run)
{
	if (run->d->n < 0) {
		TRY(check_stream_options(run));
	} else {
		TRY(sampler_init(&run->sampler, run->d, &run->options->sampler));
		if (run->options->start > run->sampler.length)
			return err_set("--start %lld is behind the end of the run of %lld records",
				       (long long)run->options->start, (long long)run->sampler.length);
		run->planned = sampler_planned(&run->options->sampler, run->sampler.length);
		count_index(run);
		run->seq = run->options->start;
		TRY(reject_orphans(run));
	}
	TRY(run_items(run));
	add(&run->result->trailer.deselected, run->passed.records, run->passed.objects);
	return check_account(run);
}

int pack_run(struct pack_result *result, struct dataset *d, const struct pack_options *options,
	     struct stream_writer *w)
{
	struct run run = { .d = d, .options = options, .writer = w, .result = result };
	*result = (struct pack_result){ 0 };
	int status = run_all(&run);
	/* No stream is complete before its list of rejects is. */
	if (status == 0 && options->rejects != NULL && fflush(options->rejects) != 0)
		status = err_errno("cannot write the list of rejects");
	if (status != 0) {
		stream_writer_abandon(w);
		return -1;
	}
	return stream_writer_close(w, &result->trailer);
}
