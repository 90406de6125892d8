#include "train/label_stream.h"

#include <string.h>

#define REJECT_DAMAGED "image cannot be decoded"

struct run {
	struct labeller *l;
	const struct label_stream_param *param;
	struct stream_reader reader;
	struct stream_writer writer;
	struct stream_trailer trailer;
	struct arena arena;
};

static int put(void *context, struct sample *s, struct arena *a)
{
	struct run *run = context;
	/* What is made here has come in here. */
	run->trailer.in.objects += s->n;
	return sample_write(&run->writer, s, a);
}

static int leave_out(void *context, const struct sample *s)
{
	struct run *run = context;
	(void)s;
	run->trailer.deselected.records++;
	return 0;
}

static int reject(void *context, const struct sample *s, const char *reason)
{
	struct run *run = context;
	(void)s;
	(void)reason;
	return stream_trailer_reject(&run->trailer, REJECT_DAMAGED, 1, 0, &run->arena);
}

/* A record of its own in the labeller's next slot, as the reader's goes with the next one. */
static int take(struct run *run, const struct stream_body *body)
{
	struct arena *a;
	struct sample *s = labeller_slot(run->l, &a);
	struct stream_body copy = { .size = body->size, .number = body->number };
	uint8_t *data = arena_alloc(a, body->size);
	if (data == NULL)
		return -1;
	memcpy(data, body->data, body->size);
	copy.data = data;
	if (sample_decode(s, &copy, a) != 0 || sample_check(s, stream_reader_header(&run->reader)) != 0)
		return err_context("record %lld of '%s'", (long long)body->number, stream_reader_name(&run->reader));
	run->trailer.in.records++;
	run->trailer.in.objects += s->n;
	run->trailer.deselected.objects += s->n;
	return labeller_push(run->l);
}

static int run_records(struct run *run)
{
	const struct label_stream_param *p = run->param;
	struct stream_body body;
	int got;
	while ((got = stream_reader_next(&run->reader, &body)) == 1) {
		TRY(take(run, &body));
		if (p->progress != NULL)
			p->progress(p->progress_context, run->trailer.in.records, stream_reader_header(&run->reader)->planned);
	}
	TRY(got < 0 ? -1 : labeller_flush(run->l));
	if (run->trailer.in.records > 0 && run->l->report.rejected == run->trailer.in.records)
		return err_set("all %lld images were rejected; the last: %s", (long long)run->trailer.in.records, err_get());
	return 0;
}

static int open_streams(struct run *run)
{
	const struct checkpoint *c = &run->l->inf.checkpoint;
	struct stream_header header;
	TRY(stream_reader_open(&run->reader, run->param->input, NULL));
	const struct stream_header *from = stream_reader_header(&run->reader);
	if (strcmp(from->kind, "sample") != 0)
		return err_set("%s holds %ss; pseudolabel wants samples", stream_reader_name(&run->reader), from->kind);
	if (from->n_categories > 0 && !run->param->any_classes &&
	    label_classes_agree("the teacher", c->categories, c->n_categories, stream_reader_name(&run->reader), from->categories,
				from->n_categories) != 0)
		return err_context("--any-classes takes the images all the same");
	TRY(stream_header_extend(&header, from, &run->param->link, &run->arena));
	header.n_categories = c->n_categories;
	header.categories = c->categories;
	return stream_writer_open(&run->writer, run->param->output, &header);
}

int label_stream(struct labeller *l, const struct label_stream_param *p)
{
	struct run run = { .l = l, .param = p };
	arena_init(&run.arena, 1 << 14);
	l->put = put;
	l->leave_out = leave_out;
	l->reject = reject;
	l->context = &run;
	int status = open_streams(&run);
	if (status == 0)
		status = run_records(&run);
	if (status == 0)
		status = stream_writer_close(&run.writer, &run.trailer);
	else
		stream_writer_abandon(&run.writer);
	stream_reader_close(&run.reader);
	arena_release(&run.arena);
	return status;
}
