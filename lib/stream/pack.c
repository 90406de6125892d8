#include "stream/pack.h"

#include "base/large_pages.h"
#include "stream/header.h"
#include "stream/pack_state.h"
#include "stream/unpack.h"
#include "stream/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int pack_read_at(const struct pack_state *s, void *data, size_t size, uint64_t at)
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

/* The sizes at the end of the file say where index and seek table begin; both must lie in the file. */
static int find_tail(const struct pack_state *s, uint64_t *index_size, uint64_t *table_size)
{
	uint8_t end[8 + PACK_FOOTER];
	uint32_t entries, magic, size;
	if (s->file_size < pack_table_size(0))
		return err_set("too short for a pack: it was cut, or the program that wrote it died");
	TRY(pack_read_at(s, end, sizeof end, s->file_size - sizeof end));
	memcpy(&size, end, 4);
	memcpy(&entries, end + 8, 4);
	memcpy(&magic, end + 13, 4);
	if (magic != PACK_FOOTER_MAGIC || entries == 0)
		return err_set("no seek table at its end: not a pack, or it was cut");
	*index_size = size;
	*table_size = pack_table_size(entries - UINT64_C(1));
	if (*index_size + *table_size > s->file_size)
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
	s->file_size = (uint64_t)st.st_size;
	TRY(find_tail(s, &index_size, &table_size));
	size_t tail = (size_t)(index_size + table_size);
	uint8_t *bytes = arena_alloc(&s->arena, tail);
	if (bytes == NULL)
		return -1;
	large_pages_use(bytes, tail);
	TRY(pack_read_at(s, bytes, tail, s->file_size - tail));
	TRY(pack_index_decode(&s->index, bytes, (size_t)index_size, bytes + index_size, (size_t)table_size, &s->arena));
	if (pack_index_mark(&s->index, s->index.n_frames).place + tail != s->file_size)
		return err_set("the file is longer or shorter than its index says; "
			       "packs written one after the other must be joined with tstream cat");
	return 0;
}

static int read_header(struct pack_state *s)
{
	const uint8_t *body = NULL;
	struct frame frame;
	if (s->index.n_frames < 2)
		return err_set("damaged: no zstd frames for header and trailer");
	TRY(pack_cursor_part(&s->own, 0, 0, true, WIRE_FRAME_HEADER, &body, &frame, &s->record));
	return header_decode(&s->header, body, frame.size, &s->arena);
}

static int open_state(struct pack_state *s, const struct pack *p, const char *path, bool header)
{
	s->name = strdup(path);
	if (s->name == NULL)
		return err_set("out of memory");
	TRY(pack_cursor_open(&s->own, p));
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return err_errno("cannot open '%s'", path);
	if (read_index(s) != 0)
		return err_context("index of '%s'", path);
	if (header && read_header(s) != 0)
		return err_context("header of '%s'", path);
	return 0;
}

static int open_pack(struct pack *p, const char *path, const struct stream_limits *limits, bool header)
{
	struct pack_state *s = calloc(1, sizeof *s);
	p->state = s;
	if (s == NULL)
		return err_set("out of memory");
	s->fd = -1;
	s->cap = limits != NULL && limits->cap != 0 ? limits->cap : STREAM_DEFAULT_CAP;
	arena_init(&s->arena, 1 << 14);
	arena_init(&s->record, 1 << 14);
	if (open_state(s, p, path, header) == 0)
		return 0;
	pack_close(p);
	return -1;
}

int pack_open(struct pack *p, const char *path, const struct stream_limits *limits)
{
	return open_pack(p, path, limits, true);
}

int pack_open_index(struct pack *p, const char *path, const struct stream_limits *limits)
{
	return open_pack(p, path, limits, false);
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

void pack_expect(const struct pack *p, int64_t i, bool soon)
{
	const struct pack_index *x = &p->state->index;
	if (soon)
		pack_index_expect(x, x->entries[i].zstd_frame);
	else
		__builtin_prefetch(&x->entries[i]);
}

int pack_read(struct pack *p, int64_t i, struct stream_body *body)
{
	arena_reset(&p->state->record);
	return pack_cursor_read(&p->state->own, i, body, &p->state->record);
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
	if (pack_cursor_part(&s->own, last, 0, true, WIRE_FRAME_TRAILER, &body, &frame, &s->arena) != 0 ||
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
	pack_cursor_close(&s->own);
	arena_release(&s->arena);
	arena_release(&s->record);
	free(s->name);
	free(s);
	p->state = NULL;
}
