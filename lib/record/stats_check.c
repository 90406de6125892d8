#include "record/fields.h"
#include "record/stats.h"
#include "stream/frame.h"
#include "stream/pack.h"

#include <inttypes.h>
#include <string.h>

struct check {
	struct stream_reader reader;
	struct pack pack;	/* not open unless the input is a pack that can be seeked in */
	const struct record_kind *kind;
	struct stream_count count;
	uint64_t offset;	/* where the next record must begin in the stream; of packs, after the first */
	struct arena arena;
};

/* The index's entry of a record that was just read in order; and the record read by it. */
static int check_entry(struct check *c, const struct stream_body *body, const struct record_view *v)
{
	struct stream_body again;
	if (body->number >= pack_count(&c->pack))
		return err_set("the index has only %" PRId64 " records", pack_count(&c->pack));
	const struct pack_entry *e = pack_entry(&c->pack, body->number);
	if (e->size != body->size || (body->number > 0 && e->offset != c->offset))
		return err_set("the index has another place or size for it");
	c->offset = e->offset + FRAME_SIZE + e->size;
	if (c->kind != NULL && e->objects != v->n)
		return err_set("the index says %u objects, the record has %" PRId64, e->objects, v->n);
	uint64_t hash;
	TRY(pack_id_hash_body(&hash, body->data, body->size));
	if (e->id_hash != hash)
		return err_set("the index has another id for it");
	TRY(pack_read(&c->pack, body->number, &again));
	if (again.size != body->size || memcmp(again.data, body->data, body->size) != 0)
		return err_set("read by the index it is another");
	return 0;
}

static int check_record(struct check *c, const struct stream_body *body)
{
	struct record_view v;
	arena_reset(&c->arena);
	TRY(record_view_decode(&v, c->kind, body, stream_reader_header(&c->reader), &c->arena));
	if (c->pack.state != NULL)
		TRY(check_entry(c, body, &v));
	c->count.records++;
	c->count.objects += v.n;
	return 0;
}

static int check_end(const struct check *c)
{
	const struct stream_trailer *t = stream_reader_trailer(&c->reader);
	if (c->kind != NULL && t->out.objects != c->count.objects)
		return err_set("the trailer counts %" PRId64 " objects, the records have %" PRId64, t->out.objects,
			       c->count.objects);
	if (c->pack.state != NULL && pack_count(&c->pack) != c->count.records)
		return err_set("the index has %" PRId64 " records, the stream %" PRId64, pack_count(&c->pack),
			       c->count.records);
	return 0;
}

static int check_all(struct check *c)
{
	struct stream_body body;
	int got;
	c->kind = record_kind_find(stream_reader_header(&c->reader)->kind);
	while ((got = stream_reader_next(&c->reader, &body)) == 1)
		if (check_record(c, &body) != 0)
			return err_context("record %" PRId64 " of '%s'", body.number, stream_reader_name(&c->reader));
	TRY(got);
	if (check_end(c) != 0)
		return err_context("trailer of '%s'", stream_reader_name(&c->reader));
	return 0;
}

int stats_check(struct stream_count *count, const char *path, const struct stream_limits *limits)
{
	struct check c = { .kind = NULL };
	TRY(stream_reader_open(&c.reader, path, limits));
	int status = strcmp(path, "-") != 0 && pack_is(path) ? pack_open(&c.pack, path, limits) : 0;
	arena_init(&c.arena, 1 << 16);
	if (status == 0)
		status = check_all(&c);
	*count = c.count;
	arena_release(&c.arena);
	pack_close(&c.pack);
	stream_reader_close(&c.reader);
	return status;
}
