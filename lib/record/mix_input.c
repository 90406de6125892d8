#include "record/mix_input.h"

#include "base/rng.h"

#include <string.h>

static int check_header(const struct mix_input *in)
{
	if (strcmp(in->header->kind, "sample") != 0)
		return err_set("'%s' holds %ss; tmix wants samples", in->path, in->header->kind);
	return 0;
}

static int open_pack(struct mix_input *in, const struct mix_input_param *p)
{
	TRY(pack_open(&in->pack, p->path, NULL));
	in->is_pack = true;
	in->header = pack_header(&in->pack);
	in->n = pack_count(&in->pack);
	if (in->n == 0)
		return err_set("'%s' has no records", p->path);
	if (p->passes > INT64_MAX / in->n)
		return err_set("%lld passes over the %lld records of '%s' are too many", (long long)p->passes, (long long)in->n, p->path);
	in->length = in->limit = p->passes > 0 ? p->passes * in->n : -1;
	in->fingerprint = rng_mix_text(0, "pack");
	for (int64_t i = 0; i < in->n; i++) {
		const struct pack_entry *e = pack_entry(&in->pack, i);
		in->fingerprint = rng_mix(rng_mix(in->fingerprint, e->id_hash), e->size);
	}
	in->order = p->shuffle ? arena_alloc(&in->index, (size_t)in->n * sizeof *in->order) : NULL;
	return p->shuffle && in->order == NULL ? -1 : 0;
}

static int open_stream(struct mix_input *in, const struct mix_input_param *p)
{
	TRY(stream_reader_open(&in->reader, p->path, NULL));
	in->header = stream_reader_header(&in->reader);
	in->length = in->header->planned;
	if (in->header->start <= p->first)
		return 0;
	return err_set("'%s' starts at sample %lld, but the mixture takes it from %lld on; start its source with --start %lld", p->path,
		       (long long)in->header->start, (long long)p->first, (long long)p->first);
}

int mix_input_open(struct mix_input *in, const struct mix_input_param *p)
{
	*in = (struct mix_input){
		.path = p->path, .name = p->name, .shuffle = p->shuffle, .key = p->key, .order_pass = -1, .last_seq = -1,
	};
	arena_init(&in->arena, 1 << 20);
	arena_init(&in->index, 1 << 16);
	int status = strcmp(p->path, "-") != 0 && pack_is(p->path) ? open_pack(in, p) : open_stream(in, p);
	if (status == 0 && (status = check_header(in)) == 0)
		return 0;
	mix_input_close(in);
	return -1;
}

static int next_of_pack(struct mix_input *in, int64_t q)
{
	struct stream_body body;
	int64_t pass = q / in->n, i = q % in->n;
	if (in->limit >= 0 && q >= in->limit)
		return MIX_ENDED;
	if (in->shuffle && pass != in->order_pass) {
		struct rng g = rng_make(rng_mix(in->key, (uint64_t)pass));
		rng_order(in->order, in->n, &g);
		in->order_pass = pass;
	}
	i = in->shuffle ? in->order[i] : i;
	arena_reset(&in->arena);
	TRY(pack_read(&in->pack, i, &body));
	if (sample_decode(&in->sample, &body, &in->arena) != 0 || sample_check(&in->sample, in->header) != 0)
		return err_context("record %lld of '%s'", (long long)i, in->path);
	in->sample.epoch += pass;
	return MIX_RECORD;
}

static void count(struct stream_count *c, const struct sample *s)
{
	c->records++;
	c->objects += s->n;
}

/* The record that comes next, read but not yet handed out. 1, 0 at the end, -1. */
static int read_pending(struct mix_input *in)
{
	if (in->pending || in->ended)
		return in->pending;
	arena_reset(&in->arena);
	int got = sample_read(&in->sample, &in->reader, &in->arena);
	in->ended = got == 0;
	if (got != 1)
		return got;
	if (in->sample.seq <= in->last_seq)
		return err_set("'%s': position %lld comes after %lld; streams that were joined have no order of their own, so write them to a "
			       "pack first", in->path, (long long)in->sample.seq, (long long)in->last_seq);
	in->last_seq = in->sample.seq;
	in->pending = true;
	return 1;
}

static int next_of_stream(struct mix_input *in, int64_t q)
{
	for (;;) {
		int got = read_pending(in);
		if (got != 1)
			return got == 0 ? MIX_ENDED : -1;
		if (in->sample.seq > q)
			return MIX_HOLE;
		in->pending = false;
		if (in->sample.seq == q)
			return MIX_RECORD;
		count(&in->passed, &in->sample);
	}
}

int mix_input_next(struct mix_input *in, int64_t q)
{
	int got = in->is_pack ? next_of_pack(in, q) : next_of_stream(in, q);
	if (got == MIX_RECORD)
		count(&in->taken, &in->sample);
	return got;
}

void mix_input_close(struct mix_input *in)
{
	if (in->pending)
		count(&in->passed, &in->sample);
	if (in->is_pack)
		pack_close(&in->pack);
	stream_reader_close(&in->reader);
	arena_release(&in->arena);
	arena_release(&in->index);
	in->pending = in->is_pack = false;
}
