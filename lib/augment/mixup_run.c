#include "augment/mixup_run.h"

#include <inttypes.h>
#include <string.h>

/* A record that was read, and everything about it. */
struct held {
	struct arena arena;
	struct stream_body body;
	struct sample sample;
};

/* 1: the next record; 0: no more; -1. */
static int read_record(struct mixup_run *run, struct held *h)
{
	struct stream_body body;
	int got = stream_reader_next(run->reader, &body);
	if (got != 1)
		return got;
	arena_reset(&h->arena);
	uint8_t *copy = arena_alloc(&h->arena, body.size);
	if (copy == NULL)
		return -1;
	memcpy(copy, body.data, body.size);
	h->body = body;
	h->body.data = copy;
	sample_init(&h->sample);
	if (sample_decode(&h->sample, &h->body, &h->arena) != 0 ||
	    sample_check(&h->sample, stream_reader_header(run->reader)) != 0)
		return err_context("record %" PRId64 " of %s", body.number, stream_reader_name(run->reader));
	run->records++;
	if (run->progress != NULL)
		progress_update(run->progress, run->records, "");
	return 1;
}

static int describe(const struct mixup_run *run, const struct held *h)
{
	char id[128];
	return err_context("record %" PRId64 " of %s, image %s", h->body.number, stream_reader_name(run->reader),
			   sample_id_text(&h->sample.id, id));
}

static int write_one(struct mixup_run *run, struct held *h)
{
	struct sample out;
	int n = stream_reader_header(run->reader)->n_categories;
	if (mixup_single(&out, &h->sample, n, &run->param, &h->arena) != 0)
		return describe(run, h);
	return sample_write(run->writer, &out, &h->arena);
}

static int write_two(struct mixup_run *run, struct held *first, struct held *second)
{
	struct sample in[2] = { first->sample, second->sample }, out[2];
	int n = stream_reader_header(run->reader)->n_categories;
	if (mixup_pair(out, in, n, &run->param, &second->arena) != 0)
		return describe(run, second);
	for (int i = 0; i < 2; i++)
		TRY(sample_write(run->writer, &out[i], &second->arena));
	run->mixed += out[0].pixels.data != in[0].pixels.data ? 2 : 0;
	return 0;
}

static bool is_pair(const struct mixup_run *run, const struct sample *a, const struct sample *b)
{
	int64_t i = a->seq / run->readers, k = b->seq / run->readers;
	return i % 2 == 0 && k == i + 1;
}

/* held[0] and held[1] take turns: the one that waits for its partner and the one that is read. */
static int run_pairs(struct mixup_run *run, struct held held[2])
{
	struct held *waiting = NULL, *next = &held[0];
	int got;
	while ((got = read_record(run, next)) == 1) {
		if (waiting == NULL) {
			waiting = next;
		} else if (is_pair(run, &waiting->sample, &next->sample)) {
			TRY(write_two(run, waiting, next));
			waiting = NULL;
			continue;
		} else {
			TRY(write_one(run, waiting));
			waiting = next;
		}
		next = waiting == &held[0] ? &held[1] : &held[0];
	}
	return got == 0 && waiting != NULL ? write_one(run, waiting) : got;
}

int mixup_run(struct mixup_run *run)
{
	struct held held[2];
	int64_t start = stream_reader_header(run->reader)->start;
	if (start / run->readers % 2 != 0)
		return err_set("%s begins at position %" PRId64 ", in the middle of a pair; start it at %" PRId64 " or %" PRId64,
			       stream_reader_name(run->reader), start, start - run->readers, start + run->readers);
	for (int i = 0; i < 2; i++)
		arena_init(&held[i].arena, 1 << 20);
	int status = run_pairs(run, held);
	for (int i = 0; i < 2; i++)
		arena_release(&held[i].arena);
	return status;
}
