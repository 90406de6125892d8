#include "stream/pack.h"

#include "stream/frame.h"
#include "stream/header.h"
#include "stream/pack_index.h"
#include "stream/packer.h"
#include "stream/unpack.h"
#include "stream/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

enum { ALIGN = 64 };

struct pack_state {
	int fd;
	char *name;
	uint64_t cap;
	struct arena arena;	/* index, header, trailer */
	struct pack_index index;
	uint64_t *place;	/* of each zstd frame in the file, and where the last ends */
	uint64_t *start;	/* of each zstd frame in the stream */
	ZSTD_DCtx *zstd;
	uint8_t *packed, *frame, *body;	/* one zstd frame, the same unpacked, a record that is not aligned there */
	size_t packed_room, frame_room, body_room;
	int64_t loaded;	/* the zstd frame in `frame`; -1: none */
	struct stream_header header;
	struct stream_trailer trailer;
	bool has_trailer;
};

/*
 * Where an unpacked frame begins in its buffer: the body of its first record, FRAME_SIZE bytes later,
 * is aligned then.
 */
enum { FRAME_SHIFT = ALIGN - FRAME_SIZE };

bool pack_is(const char *path)
{
	uint8_t head[4];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	bool is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read(fd, head, sizeof head) == sizeof head &&
		  unpack_is(head, sizeof head);
	close(fd);
	return is;
}

static int read_at(const struct pack_state *s, void *data, size_t size, uint64_t at)
{
	uint8_t *to = data;
	while (size > 0) {
		ssize_t n = pread(s->fd, to, size, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno("cannot read '%s'", s->name);
		if (n == 0)
			return err_set("the file became shorter while it was read");
		to += n;
		at += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

static int reserve(uint8_t **data, size_t *room, size_t want)
{
	if (want <= *room)
		return 0;
	want = (want + ALIGN - 1) / ALIGN * ALIGN;
	free(*data);
	*room = 0;
	*data = aligned_alloc(ALIGN, want);
	if (*data == NULL)
		return err_set("out of memory: %zu bytes of a pack", want);
	*room = want;
	return 0;
}

/* The sizes at the end of the file say where index and seek table begin; both must lie in the file. */
static int find_tail(const struct pack_state *s, uint64_t file_size, uint64_t *index_size, uint64_t *table_size)
{
	uint8_t end[8 + PACK_FOOTER];
	uint32_t entries, magic, size;
	if (file_size < pack_table_size(0))
		return err_set("too short for a pack: it was cut, or the program that wrote it died");
	TRY(read_at(s, end, sizeof end, file_size - sizeof end));
	memcpy(&size, end, 4);
	memcpy(&entries, end + 8, 4);
	memcpy(&magic, end + 13, 4);
	if (magic != PACK_FOOTER_MAGIC || entries == 0)
		return err_set("no seek table at its end: not a pack, or it was cut");
	*index_size = size;
	*table_size = pack_table_size(entries - UINT64_C(1));
	if (*index_size + *table_size > file_size)
		return err_set("damaged: index and seek table are longer than the file");
	return 0;
}

static int read_index(struct pack_state *s)
{
	struct stat st;
	uint64_t index_size = 0, table_size = 0;
	if (fstat(s->fd, &st) != 0)
		return err_errno("cannot read '%s'", s->name);
	if (!S_ISREG(st.st_mode))
		return err_set("not a regular file; records cannot be read out of order from it");
	TRY(find_tail(s, (uint64_t)st.st_size, &index_size, &table_size));
	size_t tail = (size_t)(index_size + table_size);
	uint8_t *bytes = arena_alloc(&s->arena, tail);
	if (bytes == NULL)
		return -1;
	TRY(read_at(s, bytes, tail, (uint64_t)st.st_size - tail));
	TRY(pack_index_decode(&s->index, bytes, (size_t)index_size, bytes + index_size, (size_t)table_size, &s->arena));
	uint32_t n = s->index.n_frames;
	s->place = arena_calloc(&s->arena, n + (size_t)1, sizeof *s->place);
	s->start = arena_calloc(&s->arena, n + (size_t)1, sizeof *s->start);
	if (s->place == NULL || s->start == NULL)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		s->place[i + 1] = s->place[i] + s->index.frames[i].packed;
		s->start[i + 1] = s->start[i] + s->index.frames[i].size;
	}
	if (s->place[n] + tail != (uint64_t)st.st_size)
		return err_set("the file is longer or shorter than its index says; "
			       "packs written one after the other must be joined with tstream cat");
	return 0;
}

static int load_frame(struct pack_state *s, uint32_t f)
{
	const struct pack_frame *x = &s->index.frames[f];
	if (s->loaded == f)
		return 0;
	s->loaded = -1;
	if (x->size > FRAME_SIZE + (s->cap > PACKER_FRAME ? s->cap : PACKER_FRAME))
		return err_set("a zstd frame of %u bytes is longer than the limit", x->size);
	TRY(reserve(&s->packed, &s->packed_room, x->packed));
	TRY(read_at(s, s->packed, x->packed, s->place[f]));
	if (XXH3_64bits(s->packed, x->packed) != x->hash || ZSTD_getFrameContentSize(s->packed, x->packed) != x->size)
		return err_set("damaged: zstd frame %u is not the one that the index knows", f);
	TRY(reserve(&s->frame, &s->frame_room, FRAME_SHIFT + (size_t)x->size));
	size_t n = ZSTD_decompressDCtx(s->zstd, s->frame + FRAME_SHIFT, x->size, s->packed, x->packed);
	if (n != x->size)
		return err_set("damaged: zstd frame %u cannot be unpacked: %s", f,
			       ZSTD_isError(n) ? ZSTD_getErrorName(n) : "wrong size");
	s->loaded = f;
	return 0;
}

/* The part of the stream that begins `at` bytes into the loaded zstd frame f and must have that role. */
static int check_part(const struct pack_state *s, uint32_t f, uint64_t at, int role, const uint8_t **body,
		      struct frame *frame)
{
	const uint8_t *bytes = s->frame + FRAME_SHIFT + at;
	uint64_t left = s->index.frames[f].size - at;
	if (left < FRAME_SIZE)
		return err_set("damaged: zstd frame %u has no room for a frame", f);
	TRY(frame_parse(frame, bytes, s->cap));
	if (frame->role != role || frame->size > left - FRAME_SIZE)
		return err_set("damaged: zstd frame %u does not hold what belongs there", f);
	*body = bytes + FRAME_SIZE;
	return frame_check(frame, *body);
}

static int read_header(struct pack_state *s)
{
	const uint8_t *body = NULL;
	struct frame frame;
	if (s->index.n_frames < 2)
		return err_set("damaged: no zstd frames for header and trailer");
	TRY(load_frame(s, 0));
	TRY(check_part(s, 0, 0, WIRE_FRAME_HEADER, &body, &frame));
	return header_decode(&s->header, body, frame.size, &s->arena);
}

static int open_state(struct pack_state *s, const char *path)
{
	s->name = strdup(path);
	s->zstd = ZSTD_createDCtx();
	if (s->name == NULL || s->zstd == NULL)
		return err_set("out of memory");
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return err_errno("cannot open '%s'", path);
	if (read_index(s) != 0)
		return err_context("index of '%s'", path);
	if (read_header(s) != 0)
		return err_context("header of '%s'", path);
	return 0;
}

int pack_open(struct pack *p, const char *path, const struct stream_limits *limits)
{
	struct pack_state *s = calloc(1, sizeof *s);
	p->state = s;
	if (s == NULL)
		return err_set("out of memory");
	s->fd = -1;
	s->loaded = -1;
	s->cap = limits != NULL && limits->cap != 0 ? limits->cap : STREAM_DEFAULT_CAP;
	arena_init(&s->arena, 1 << 14);
	if (open_state(s, path) == 0)
		return 0;
	pack_close(p);
	return -1;
}

int64_t pack_count(const struct pack *p)
{
	return (int64_t)p->state->index.n_records;
}

const struct stream_header *pack_header(const struct pack *p)
{
	return &p->state->header;
}

const char *pack_name(const struct pack *p)
{
	return p->state->name;
}

const struct pack_entry *pack_entry(const struct pack *p, int64_t i)
{
	return &p->state->index.entries[i];
}

static int read_record(struct pack_state *s, const struct pack_entry *e, struct stream_body *body)
{
	struct frame frame;
	TRY(load_frame(s, e->zstd_frame));
	TRY(check_part(s, e->zstd_frame, e->offset - s->start[e->zstd_frame], WIRE_FRAME_RECORD, &body->data, &frame));
	if (frame.size != e->size)
		return err_set("damaged: the index says %llu bytes, the frame %llu", (unsigned long long)e->size,
			       (unsigned long long)frame.size);
	body->size = (size_t)frame.size;
	if ((uintptr_t)body->data % ALIGN != 0) {
		TRY(reserve(&s->body, &s->body_room, body->size));
		memcpy(s->body, body->data, body->size);
		body->data = s->body;
	}
	return 0;
}

int pack_read(struct pack *p, int64_t i, struct stream_body *body)
{
	struct pack_state *s = p->state;
	if (i < 0 || i >= pack_count(p))
		return err_set("no record %lld in '%s': it has %lld", (long long)i, s->name, (long long)pack_count(p));
	body->number = i;
	if (read_record(s, &s->index.entries[i], body) == 0)
		return 0;
	return err_context("record %lld of '%s'", (long long)i, s->name);
}

const struct stream_trailer *pack_trailer(struct pack *p)
{
	struct pack_state *s = p->state;
	uint32_t last = s->index.n_frames - 1;
	const uint8_t *body = NULL;
	struct frame frame;
	uint64_t hash;
	if (s->has_trailer)
		return &s->trailer;
	if (load_frame(s, last) != 0 || check_part(s, last, 0, WIRE_FRAME_TRAILER, &body, &frame) != 0 ||
	    trailer_decode(&s->trailer, &hash, body, frame.size, &s->arena) != 0) {
		err_context("trailer of '%s'", s->name);
		return NULL;
	}
	s->has_trailer = true;
	return &s->trailer;
}

void pack_close(struct pack *p)
{
	struct pack_state *s = p->state;
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	ZSTD_freeDCtx(s->zstd);
	arena_release(&s->arena);
	free(s->packed);
	free(s->frame);
	free(s->body);
	free(s->name);
	free(s);
	p->state = NULL;
}
