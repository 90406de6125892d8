#include "stream/frame.h"
#include "stream/header.h"
#include "stream/source.h"
#include "stream/stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/*
 * One piece is asked for at once; a longer body is read in pieces that double, so that
 * a length alone never makes us allocate.
 */
enum { PIECE = 1 << 20 };

/* Headers and trailers are small; their decoded form is larger than their bytes. */
enum { HEADER_CAP = 8 << 20 };

enum expect { EXPECT_HEADER, EXPECT_RECORD, EXPECT_NOTHING };

struct stream_reader_state {
	char *name;
	struct source source;
	struct arena arena;	/* first header, sums of the trailers */
	struct arena scratch;	/* later headers, each trailer while it is looked at */
	uint64_t cap;
	uint8_t *buffer;	/* the body, then up to FRAME_SIZE bytes that follow it */
	size_t room;
	uint8_t next[FRAME_SIZE];	/* what of the next frame came with the last body */
	size_t next_size;
	enum expect expect;
	int n_streams;
	int64_t number;	/* of the next record */
	int64_t stream_records;	/* of the stream under way */
	XXH3_state_t *frames;	/* running hash of the frames of the stream under way */
	struct stream_header header;
	struct stream_trailer trailer;
	int ended;	/* 0: under way; 1: clean end; -1: failed */
	char *error;	/* the message, when failed */
};

/* Name the place in the input; every later call fails with the same message. */
static int fail(struct stream_reader_state *s, const char *place)
{
	if (place == NULL)
		err_context("record %" PRId64 " of '%s'", s->number, s->name);
	else
		err_context("%s of '%s'", place, s->name);
	s->ended = -1;
	s->error = strdup(err_get());
	return -1;
}

/* The place for messages about a frame of that role; NULL: the record's number. */
static const char *place_of(const struct stream_reader_state *s, int role)
{
	if (s->expect == EXPECT_HEADER)
		return "header";
	return role == WIRE_FRAME_TRAILER ? "trailer" : NULL;
}

static int grow(struct stream_reader_state *s, size_t used, size_t room)
{
	if (room <= s->room)
		return 0;
	room = (room + 63) / 64 * 64;
	uint8_t *larger = aligned_alloc(64, room);
	if (larger == NULL)
		return err_set("out of memory: a body of more than %zu bytes", used);
	if (used > 0)
		memcpy(larger, s->buffer, used);
	free(s->buffer);
	s->buffer = larger;
	s->room = room;
	return 0;
}

/* 1: the frame is in s->next; 0: the input ends before it. */
static int read_frame(struct stream_reader_state *s)
{
	if (s->next_size < FRAME_SIZE) {
		size_t want = FRAME_SIZE - s->next_size;
		ssize_t n = source_read(&s->source, s->next + s->next_size, want, want);
		if (n < 0)
			return -1;
		s->next_size += (size_t)n;
	}
	if (s->next_size == FRAME_SIZE)
		return 1;
	if (s->next_size == 0)
		return 0;
	return err_set("the input ends inside a frame: it was cut, or the program that wrote it died");
}

/* The body into s->buffer; what comes with it of the next frame is put aside. */
static int read_body(struct stream_reader_state *s, size_t size)
{
	size_t got = 0;
	while (got < size) {
		size_t piece = got < PIECE ? PIECE : got;
		/* What an earlier body has made us allocate may be filled at once. */
		if (s->room > got + piece + FRAME_SIZE)
			piece = s->room - got - FRAME_SIZE;
		size_t least = size - got < piece ? size - got : piece;
		size_t most = least == size - got ? least + FRAME_SIZE : least;
		TRY(grow(s, got, got + most));
		ssize_t n = source_read(&s->source, s->buffer + got, least, most);
		if (n < 0)
			return -1;
		if ((size_t)n < least)
			return err_set("the input ends after %zu of %zu bytes of a body: it was cut, "
				       "or the program that wrote it died", got + (size_t)n, size);
		got += (size_t)n;
	}
	s->next_size = got - size;
	memcpy(s->next, s->buffer + size, s->next_size);
	return 0;
}

/* 1: frame and body are read and checked; 0: the input ends before the frame. */
static int read_part(struct stream_reader_state *s, struct frame *f)
{
	uint8_t bytes[FRAME_SIZE];
	int got = read_frame(s);
	f->role = 0;
	if (got != 1)
		return got;
	memcpy(bytes, s->next, FRAME_SIZE);
	TRY(frame_parse(f, bytes, s->cap));
	if (f->role != WIRE_FRAME_RECORD && f->size > HEADER_CAP)
		return err_set("a header or trailer of %" PRIu64 " bytes is too long", f->size);
	/* An empty body is no map; one byte keeps the buffer from being absent. */
	TRY(grow(s, 0, FRAME_SIZE + 1));
	s->next_size = 0;
	TRY(read_body(s, (size_t)f->size));
	TRY(frame_check(f, s->buffer));
	if (f->role == WIRE_FRAME_HEADER)
		XXH3_64bits_reset(s->frames);
	if (f->role != WIRE_FRAME_TRAILER)
		XXH3_64bits_update(s->frames, bytes, FRAME_SIZE);
	return 1;
}

static int take_header(struct stream_reader_state *s, const struct frame *f)
{
	struct stream_header later;
	if (f->role != WIRE_FRAME_HEADER)
		return err_set("not a stream: it does not begin with a header");
	if (s->n_streams++ == 0)
		TRY(header_decode(&s->header, s->buffer, f->size, &s->arena));
	else {
		arena_reset(&s->scratch);
		TRY(header_decode(&later, s->buffer, f->size, &s->scratch));
		TRY(stream_header_agree(&s->header, &later));
	}
	s->stream_records = 0;
	s->expect = EXPECT_RECORD;
	return 0;
}

static int take_trailer(struct stream_reader_state *s, const struct frame *f)
{
	struct stream_trailer t;
	uint64_t hash;
	arena_reset(&s->scratch);
	TRY(trailer_decode(&t, &hash, s->buffer, f->size, &s->scratch));
	if (t.out.records != s->stream_records)
		return err_set("damaged: the trailer counts %" PRId64 " records, %" PRId64 " were read",
			       t.out.records, s->stream_records);
	if (hash != XXH3_64bits_digest(s->frames))
		return err_set("damaged: the trailer's hash does not match the records");
	TRY(stream_trailer_add(&s->trailer, &t, &s->arena));
	s->expect = EXPECT_NOTHING;
	return 0;
}

/* After a trailer: the end, or the header of a stream that was appended. 1: go on; 0: end; -1. */
static int take_end(struct stream_reader_state *s)
{
	struct frame f;
	int got = read_frame(s);
	if (got == 0) {
		s->ended = 1;
		return 0;
	}
	s->expect = EXPECT_HEADER;
	if (got < 0 || read_part(s, &f) < 0 || take_header(s, &f) != 0)
		return fail(s, "header of the appended stream");
	return 1;
}

static int open_state(struct stream_reader_state *s, const char *path)
{
	struct frame f;
	s->frames = XXH3_createState();
	s->name = strdup(strcmp(path, "-") == 0 ? "standard input" : path);
	if (s->frames == NULL || s->name == NULL)
		return err_set("out of memory");
	/* What comes first may be no header; a hash of it has to begin all the same. */
	XXH3_64bits_reset(s->frames);
	TRY(source_open(&s->source, path, s->name));
	if (read_part(s, &f) < 0 || take_header(s, &f) != 0) {
		err_context("header of '%s'", s->name);
		source_close(&s->source);
		return -1;
	}
	return 0;
}

int stream_reader_open(struct stream_reader *r, const char *path, const struct stream_limits *limits)
{
	struct stream_reader_state *s = calloc(1, sizeof *s);
	r->state = NULL;
	if (s == NULL)
		return err_set("out of memory");
	s->cap = limits != NULL && limits->cap != 0 ? limits->cap : STREAM_DEFAULT_CAP;
	arena_init(&s->arena, 1 << 14);
	arena_init(&s->scratch, 1 << 14);
	r->state = s;
	if (open_state(s, path) == 0)
		return 0;
	stream_reader_close(r);
	return -1;
}

int stream_reader_next(struct stream_reader *r, struct stream_body *body)
{
	struct stream_reader_state *s = r->state;
	struct frame f;
	if (s->ended != 0)
		return s->ended < 0 ? err_set("%s", s->error != NULL ? s->error : "the stream is broken") : 0;
	for (;;) {
		int got = s->expect == EXPECT_NOTHING ? take_end(s) : 1;
		if (got != 1)
			return got;
		got = read_part(s, &f);
		if (got == 0)
			err_set("the input ends without a trailer after %" PRId64 " records: it was cut, "
				"or the program that wrote it died", s->number);
		if (got != 1)
			return fail(s, place_of(s, f.role));
		if (f.role == WIRE_FRAME_RECORD)
			break;
		if (f.role == WIRE_FRAME_HEADER)
			err_set("damaged: a header where a record or the trailer belongs");
		if (f.role == WIRE_FRAME_HEADER || take_trailer(s, &f) != 0)
			return fail(s, place_of(s, f.role));
	}
	s->stream_records++;
	*body = (struct stream_body){ .data = s->buffer, .size = (size_t)f.size, .number = s->number++ };
	return 1;
}

const struct stream_header *stream_reader_header(const struct stream_reader *r)
{
	return &r->state->header;
}

const struct stream_trailer *stream_reader_trailer(const struct stream_reader *r)
{
	return &r->state->trailer;
}

const char *stream_reader_name(const struct stream_reader *r)
{
	return r->state->name;
}

void stream_reader_close(struct stream_reader *r)
{
	struct stream_reader_state *s = r->state;
	if (s == NULL)
		return;
	source_close(&s->source);
	XXH3_freeState(s->frames);
	arena_release(&s->arena);
	arena_release(&s->scratch);
	free(s->buffer);
	free(s->name);
	free(s->error);
	free(s);
	r->state = NULL;
}
