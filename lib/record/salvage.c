#include "record/salvage.h"

#include "record/fields.h"
#include "record/salvage_name.h"
#include "stream/frame.h"
#include "stream/header.h"
#include "stream/pack_scan.h"
#include "stream/wire.h"

#include <stdio.h>
#include <string.h>

struct salvage {
	const struct salvage_param *param;
	struct salvage_result *result;
	struct arena *arena, scratch;
	struct pack_scan scan;
	struct stream_writer writer;
	bool has_header, writing;
	struct stream_header header;
	const struct record_kind *kind;
	int headers, trailers;	/* that were read */
	struct stream_trailer trailer;	/* the sum of them */
	struct salvage_lost *lost;
	int64_t n_lost, lost_room;
	struct salvage_names names;
	uint64_t cap;
};

static int add_lost(struct salvage *s, const struct salvage_lost *lost, const char *reason)
{
	if (s->n_lost == s->lost_room) {
		int64_t room = 2 * s->lost_room + 64;
		struct salvage_lost *larger = arena_alloc(s->arena, (size_t)room * sizeof *larger);
		if (larger == NULL)
			return -1;
		if (s->n_lost > 0)
			memcpy(larger, s->lost, (size_t)s->n_lost * sizeof *larger);
		s->lost = larger;
		s->lost_room = room;
	}
	s->lost[s->n_lost] = *lost;
	s->lost[s->n_lost].reason = arena_strdup(s->arena, reason);
	return s->lost[s->n_lost++].reason != NULL ? 0 : -1;
}

/* A header becomes that of the output, or must agree with it. */
static int take_header(struct salvage *s, const struct stream_header *h)
{
	if (s->has_header)
		return stream_header_agree(&s->header, h);
	TRY(header_copy(&s->header, h, s->arena));
	s->kind = record_kind_find(s->header.kind);
	s->has_header = true;
	return 0;
}

static int read_like(struct salvage *s)
{
	struct stream_reader r;
	if (s->param->like == NULL)
		return 0;
	TRY(stream_reader_open(&r, s->param->like, s->param->limits));
	int status = take_header(s, stream_reader_header(&r));
	stream_reader_close(&r);
	return status;
}

static int open_writer(struct salvage *s)
{
	struct stream_header h;
	if (!s->has_header)
		return err_set("the header of '%s' is damaged, and with it the classes; take those of another stream of the same "
			       "data with --like", s->param->input);
	TRY(stream_header_extend(&h, &s->header, s->param->link, s->arena));
	TRY(stream_writer_open(&s->writer, s->param->output, &h));
	s->writing = true;
	return 0;
}

/*
 * number and objects: by the index; -1 when the record must tell. 1: it is no record of that kind, which err_get()
 * explains.
 */
static int keep(struct salvage *s, const uint8_t *data, size_t size, int64_t number, int64_t objects)
{
	if (!s->writing)
		TRY(open_writer(s));
	/* Tensors are views where the body is aligned. */
	uint8_t *body = arena_alloc(&s->scratch, size);
	if (body == NULL)
		return -1;
	memcpy(body, data, size);
	const struct stream_body whole = { .data = body, .size = size };
	struct record_view v = { .n = 0 };
	if (objects < 0 && record_view_decode(&v, s->kind, &whole, &s->header, &s->scratch) != 0)
		return 1;
	if (objects < 0)
		objects = v.n;
	TRY(stream_writer_put(&s->writer, body, size, objects));
	s->result->kept.records++;
	s->result->kept.objects += objects;
	salvage_names_kept(&s->names, s->lost, s->n_lost, number, body, size);
	return 0;
}

/* The frame at `at` and its body are whole. Otherwise err_get() says what is wrong. */
static bool is_whole(const struct salvage *s, const struct pack_piece *p, size_t at, struct frame *f)
{
	if (p->size < at || p->size - at < FRAME_SIZE)
		return err_set("nothing of it is left") == 0;
	if (frame_parse(f, p->bytes + at, s->cap) != 0)
		return false;
	if (f->size > p->size - at - FRAME_SIZE)
		return err_set("only %zu of %llu bytes are left", p->size - at - FRAME_SIZE, (unsigned long long)f->size) == 0;
	return frame_check(f, p->bytes + at + FRAME_SIZE) == 0;
}

static int lose(struct salvage *s, const struct pack_piece *p, size_t at, struct salvage_lost lost)
{
	char reason[1024];
	/* The zstd frame's own damage explains more than what is left inside it. */
	snprintf(reason, sizeof reason, "%s", p->damage[0] != '\0' ? p->damage : err_get());
	lost.place = p->place;
	if (p->size > at + FRAME_SIZE)
		TRY(salvage_name_read(&lost, p->bytes + at + FRAME_SIZE, p->size - at - FRAME_SIZE, s->arena));
	return add_lost(s, &lost, reason);
}

/* The whole part at bytes: 0; -1; 1 when it makes no sense, which err_get() explains. */
static int take_part(struct salvage *s, const struct frame *f, const uint8_t *body, int64_t number, int64_t objects)
{
	struct stream_header h;
	struct stream_trailer t;
	uint64_t hash;
	arena_reset(&s->scratch);
	if (f->role == WIRE_FRAME_RECORD)
		return keep(s, body, (size_t)f->size, number, objects);
	if (f->role == WIRE_FRAME_HEADER) {
		s->headers++;
		return header_decode(&h, body, (size_t)f->size, &s->scratch) != 0 ? 1 : take_header(s, &h);
	}
	if (trailer_decode(&t, &hash, body, (size_t)f->size, &s->scratch) != 0)
		return 1;
	s->trailers++;
	return stream_trailer_add(&s->trailer, &t, s->arena);
}

/* The records that the index has in this zstd frame; *next: the first of them, then of the next frame. */
static int take_by_index(struct salvage *s, const struct pack_piece *p, uint64_t *next)
{
	const struct pack_index *x = s->scan.index;
	uint64_t start = pack_index_mark(x, (uint32_t)p->frame).start;
	struct frame f;
	if (*next >= x->n_records || x->entries[*next].zstd_frame != p->frame) {
		if (!is_whole(s, p, 0, &f) || f.role == WIRE_FRAME_RECORD)
			return 0;
		return take_part(s, &f, p->bytes + FRAME_SIZE, -1, -1) < 0 ? -1 : 0;
	}
	for (; *next < x->n_records && x->entries[*next].zstd_frame == p->frame; ++*next) {
		const struct pack_entry *e = &x->entries[*next];
		size_t at = (size_t)(e->offset - start);
		const struct salvage_lost lost = { .number = (int64_t)*next, .objects = e->objects, .id_hash = e->id_hash };
		bool whole = is_whole(s, p, at, &f);
		if (whole && (f.role != WIRE_FRAME_RECORD || f.size != e->size))
			whole = err_set("it is not the record that the index has there") == 0;
		int status = whole ? take_part(s, &f, p->bytes + at + FRAME_SIZE, lost.number, lost.objects) : 1;
		if (status < 0 || (status > 0 && lose(s, p, at, lost) != 0))
			return -1;
	}
	return 0;
}

/* From `at` on, the next frame that is whole; p->size when there is none. */
static size_t find_whole(const struct salvage *s, const struct pack_piece *p, size_t at)
{
	struct frame f;
	while (at < p->size) {
		const uint8_t *hit = memchr(p->bytes + at, 0xd8, p->size - at);
		if (hit == NULL)
			break;
		at = (size_t)(hit - p->bytes);
		if (is_whole(s, p, at, &f))
			return at;
		at++;
	}
	return p->size;
}

/* Without an index: one part after the other, and where one is damaged the next that is not. */
static int take_by_search(struct salvage *s, const struct pack_piece *p)
{
	size_t at = 0;
	while (at < p->size || p->size == 0) {
		const struct salvage_lost lost = { .number = -1, .objects = -1 };
		struct frame f = { .role = 0 };
		int status = is_whole(s, p, at, &f) ? take_part(s, &f, p->bytes + at + FRAME_SIZE, -1, -1) : 1;
		if (status < 0)
			return -1;
		bool lost_record = status > 0 && f.role != WIRE_FRAME_HEADER && f.role != WIRE_FRAME_TRAILER;
		if (lost_record && lose(s, p, at, lost) != 0)
			return -1;
		if (p->size == 0)
			break;
		at = status == 0 ? at + FRAME_SIZE + (size_t)f.size : find_whole(s, p, at + 1);
	}
	return 0;
}

static int take_pieces(struct salvage *s)
{
	struct pack_piece piece;
	uint64_t next = 0;
	int got;
	while ((got = pack_scan_next(&s->scan, &piece)) == 1)
		TRY(s->scan.index != NULL ? take_by_index(s, &piece, &next) : take_by_search(s, &piece));
	return got;
}

/* How much is missing, and the trailer that says so. */
static int make_trailer(struct salvage *s, struct stream_trailer *t)
{
	struct salvage_result *r = s->result;
	const struct pack_index *x = s->scan.index;
	r->missing = (struct stream_count){ -1, -1 };
	r->no_trailer = s->trailers == 0 || s->trailers < s->headers;
	*t = s->trailer;
	if (x != NULL) {
		r->missing = (struct stream_count){ s->n_lost, 0 };
		for (int64_t i = 0; i < s->n_lost; i++)
			r->missing.objects += s->lost[i].objects;
	} else if (!r->no_trailer && t->out.records >= r->kept.records && t->out.objects >= r->kept.objects) {
		r->missing = (struct stream_count){ t->out.records - r->kept.records, t->out.objects - r->kept.objects };
	}
	/* What looked like a gap may have been the end. */
	if (r->missing.records == 0)
		s->n_lost = 0;
	r->whole = r->missing.records == 0 && !r->no_trailer;
	struct stream_count sure = { r->missing.records >= 0 ? r->missing.records : s->n_lost,
				     r->missing.objects >= 0 ? r->missing.objects : 0 };
	if (r->no_trailer)
		*t = (struct stream_trailer){ .in = { r->kept.records + sure.records, r->kept.objects + sure.objects } };
	return sure.records == 0 ? 0 : stream_trailer_reject(t, "damaged", sure.records, sure.objects, s->arena);
}

static int run(struct salvage *s)
{
	struct stream_trailer t;
	TRY(pack_scan_open(&s->scan, s->param->input, s->param->limits));
	if (s->scan.index == NULL)
		s->result->no_index = arena_strdup(s->arena, s->scan.why);
	TRY(read_like(s));
	TRY(take_pieces(s));
	if (s->result->kept.records == 0 && (s->n_lost > 0 || !s->has_header))
		return err_set("no record of '%s' is left%s%s", s->param->input, s->n_lost > 0 ? ": " : "",
			       s->n_lost > 0 ? s->lost[0].reason : "");
	if (!s->writing)
		TRY(open_writer(s));
	TRY(make_trailer(s, &t));
	TRY(stream_writer_close(&s->writer, &t));
	salvage_names_kept(&s->names, s->lost, s->n_lost, -1, NULL, 0);
	TRY(salvage_names_find(s->lost, s->n_lost));
	s->result->lost = s->lost;
	s->result->n_lost = s->n_lost;
	return 0;
}

int salvage_pack(struct salvage_result *result, const struct salvage_param *p, struct arena *a)
{
	struct salvage s = { .param = p, .result = result, .arena = a };
	s.cap = p->limits != NULL && p->limits->cap != 0 ? p->limits->cap : STREAM_DEFAULT_CAP;
	*result = (struct salvage_result){ 0 };
	arena_init(&s.scratch, 1 << 16);
	int status = run(&s);
	stream_writer_abandon(&s.writer);
	pack_scan_close(&s.scan);
	arena_release(&s.scratch);
	return status;
}
