#include "record/join.h"

#include "record/fields.h"

struct join {
	const struct join_param *param;
	struct stream_reader *readers;	/* all are opened first: their headers must agree, and plan together */
	struct stream_writer writer;
	struct stream_trailer trailer;
	const struct record_kind *kind;
	int64_t done;
	struct arena arena, scratch;
};

static int open_readers(struct join *j)
{
	const struct join_param *p = j->param;
	j->readers = arena_calloc(&j->arena, (size_t)p->n_inputs, sizeof *j->readers);
	if (j->readers == NULL)
		return -1;
	for (int i = 0; i < p->n_inputs; i++) {
		TRY(stream_reader_open(&j->readers[i], p->inputs[i], p->limits));
		if (stream_header_agree(stream_reader_header(&j->readers[0]), stream_reader_header(&j->readers[i])) != 0)
			return err_context("header of '%s'", p->inputs[i]);
	}
	j->kind = record_kind_find(stream_reader_header(&j->readers[0])->kind);
	return 0;
}

static int64_t sum_planned(const struct join *j)
{
	int64_t sum = 0;
	for (int i = 0; i < j->param->n_inputs; i++) {
		int64_t planned = stream_reader_header(&j->readers[i])->planned;
		if (planned < 0 || __builtin_add_overflow(sum, planned, &sum))
			return -1;
	}
	return j->param->records >= 0 && j->param->records < sum ? j->param->records : sum;
}

static int open_writer(struct join *j)
{
	struct stream_header header = *stream_reader_header(&j->readers[0]);
	for (int i = 1; i < j->param->n_inputs; i++) {
		const struct stream_header *other = stream_reader_header(&j->readers[i]);
		TRY(stream_header_add_about(&header, other->about, other->n_about, &j->arena));
	}
	if (j->param->link != NULL)
		TRY(stream_header_extend(&header, &header, j->param->link, &j->arena));
	header.planned = sum_planned(j);
	return stream_writer_open(&j->writer, j->param->output, &header);
}

/* 1: go on with the next input; 0: as many as were asked for; -1. */
static int copy_one(struct join *j, struct stream_reader *r)
{
	struct stream_body body;
	struct record_view v;
	for (;;) {
		if (j->param->records >= 0 && j->done >= j->param->records)
			return 0;
		int got = stream_reader_next(r, &body);
		if (got != 1)
			return got == 0 ? 1 : -1;
		arena_reset(&j->scratch);
		if (record_view_decode(&v, j->kind, &body, stream_reader_header(r), &j->scratch) != 0)
			return err_context("record %lld of '%s'", (long long)body.number, stream_reader_name(r));
		TRY(stream_writer_put(&j->writer, body.data, body.size, v.n));
		j->done++;
	}
}

static int copy_all(struct join *j)
{
	int more = 1;
	for (int i = 0; more == 1 && i < j->param->n_inputs; i++) {
		more = copy_one(j, &j->readers[i]);
		if (more < 0)
			return -1;
		TRY(stream_trailer_add(&j->trailer, stream_reader_trailer(&j->readers[i]), &j->arena));
		stream_reader_close(&j->readers[i]);
	}
	return stream_writer_close(&j->writer, more == 1 ? &j->trailer : NULL);
}

int stream_join(const struct join_param *p)
{
	struct join j = { .param = p };
	arena_init(&j.arena, 1 << 16);
	arena_init(&j.scratch, 1 << 16);
	int status = open_readers(&j);
	if (status == 0)
		status = open_writer(&j);
	if (status == 0)
		status = copy_all(&j);
	stream_writer_abandon(&j.writer);
	for (int i = 0; j.readers != NULL && i < p->n_inputs; i++)
		stream_reader_close(&j.readers[i]);
	arena_release(&j.arena);
	arena_release(&j.scratch);
	return status;
}
