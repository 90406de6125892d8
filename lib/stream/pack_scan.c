#include "stream/pack_scan.h"

#include "stream/pack_state.h"
#include "stream/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define ZSTD_STATIC_LINKING_ONLY	/* ZSTD_d_forceIgnoreChecksum */
#include <zstd.h>

enum {
	WINDOW = 256 << 10,
	STEP = 1 << 10,	/* what zstd unpacked from a step that fails is lost */
	WINDOW_LOG_MAX = 23,	/* of zstd, see unpack.c */
	SHARED_LIMIT = 256 << 10,
};

/* Up to `most` bytes of the file at `at`: *data is where they are, until the next call. -1 on error. */
static ssize_t look(struct pack_scan *s, const uint8_t **data, uint64_t at, size_t most)
{
	if (at < s->window_at || at + most > s->window_at + s->window_size) {
		s->window_at = at;
		s->window_size = 0;
		while (s->window_size < WINDOW) {
			ssize_t n = pread(s->fd, s->window + s->window_size, WINDOW - s->window_size,
					  (off_t)(at + s->window_size));
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return err_errno("cannot read '%s' at byte %llu", s->name, (unsigned long long)at);
			if (n == 0)
				break;
			s->window_size += (size_t)n;
		}
	}
	*data = s->window + (at - s->window_at);
	uint64_t left = s->window_at + s->window_size - at;
	return (ssize_t)(left < most ? left : most);
}

static int open_file(struct pack_scan *s, const char *path)
{
	struct stat st;
	const uint8_t *head;
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (s->fd < 0 || fstat(s->fd, &st) != 0)
		return err_errno("cannot open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set("'%s' is not a regular file; a damaged pack is not read from front to end", path);
	s->file_size = (uint64_t)st.st_size;
	s->name = strdup(path);
	s->window = malloc(WINDOW);
	s->zstd = ZSTD_createDCtx();
	if (s->name == NULL || s->window == NULL || s->zstd == NULL ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)) ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_forceIgnoreChecksum, 1)))
		return err_set("out of memory");
	if (look(s, &head, 0, 1) == 1 && head[0] == 0xd8)
		return err_set("'%s' is a plain stream, not a pack; 'tstream head' takes what is before the damage", path);
	return 0;
}

int pack_scan_open(struct pack_scan *s, const char *path, const struct stream_limits *limits)
{
	*s = (struct pack_scan){ .fd = -1 };
	s->cap = limits != NULL && limits->cap != 0 ? limits->cap : STREAM_DEFAULT_CAP;
	if (open_file(s, path) != 0) {
		pack_scan_close(s);
		return -1;
	}
	if (pack_open_index(&s->pack, path, limits) == 0)
		s->index = &s->pack.state->index;
	else
		snprintf(s->why, sizeof s->why, "%s", err_get());
	return 0;
}

void pack_scan_close(struct pack_scan *s)
{
	pack_close(&s->pack);
	if (s->fd >= 0)
		close(s->fd);
	ZSTD_freeDCtx(s->zstd);
	free(s->name);
	free(s->window);
	free(s->bytes);
	*s = (struct pack_scan){ .fd = -1 };
}

static int grow(struct pack_scan *s, size_t used)
{
	if (s->room - used >= (size_t)ZSTD_BLOCKSIZE_MAX)
		return 0;
	size_t room = 2 * s->room + 2 * (size_t)ZSTD_BLOCKSIZE_MAX;
	uint8_t *larger = realloc(s->bytes, room);
	if (larger == NULL)
		return err_set("out of memory: %zu bytes of a pack", room);
	s->bytes = larger;
	s->room = room;
	return 0;
}

/*
 * Unpack the zstd frame that begins at `at`, to its end or as far as it goes, but not beyond `end` in the file.
 * *next: where it ends, when nothing was wrong. Checksums are not looked at: records have better ones.
 */
static int unpack_some(struct pack_scan *s, struct pack_piece *piece, uint64_t at, uint64_t end, uint64_t *next)
{
	uint64_t most = FRAME_SIZE + (s->cap > SHARED_LIMIT ? s->cap : SHARED_LIMIT);
	/* The first step ends inside the magic number: a frame seen as a whole is unpacked as a whole or not at all. */
	size_t step = 3;
	ZSTD_DCtx_reset(s->zstd, ZSTD_reset_session_only);
	for (piece->size = 0;; step = STEP) {
		const uint8_t *from = NULL;
		ssize_t n = look(s, &from, at, end - at < step ? (size_t)(end - at) : step);
		if (n < 0 || grow(s, piece->size) != 0)
			return -1;
		ZSTD_inBuffer in = { from, (size_t)n, 0 };
		ZSTD_outBuffer out = { s->bytes, s->room, piece->size };
		size_t left = ZSTD_decompressStream(s->zstd, &out, &in);
		bool moved = in.pos > 0 || (!ZSTD_isError(left) && out.pos > piece->size);
		if (ZSTD_isError(left)) {
			snprintf(piece->damage, sizeof piece->damage, "the zstd frame cannot be unpacked: %s", ZSTD_getErrorName(left));
			break;
		}
		piece->size = out.pos;
		at += in.pos;
		if (left == 0) {
			*next = at;
			break;
		}
		if (piece->size > most || !moved) {
			snprintf(piece->damage, sizeof piece->damage, piece->size > most ? "the zstd frame is longer than the limit" :
				 "the file ends inside the zstd frame");
			break;
		}
	}
	piece->bytes = s->bytes;
	return 0;
}

static int next_by_index(struct pack_scan *s, struct pack_piece *piece)
{
	const struct pack_index *x = s->index;
	if (s->at == x->n_frames)
		return 0;
	uint32_t f = (uint32_t)s->at++;
	piece->frame = f;
	piece->place = pack_index_mark(x, f).place;
	uint64_t end = piece->place + x->frames[f].packed, next = end;
	if (unpack_some(s, piece, piece->place, end, &next) != 0) {
		/* A bad sector is a reason to lose a frame, not the file. */
		snprintf(piece->damage, sizeof piece->damage, "%s", err_get());
		piece->size = 0;
	}
	return 1;
}

/* The next magic number of a zstd frame from `at` on, or the end of the file. */
static int find_frame(struct pack_scan *s, uint64_t at, uint64_t *found)
{
	const uint32_t magic = PACK_ZSTD_MAGIC;
	for (;;) {
		const uint8_t *data = NULL;
		ssize_t n = look(s, &data, at, WINDOW);
		if (n < 0)
			return -1;
		const uint8_t *hit = memmem(data, (size_t)n, &magic, sizeof magic);
		*found = hit != NULL ? at + (uint64_t)(hit - data) : s->file_size;
		if (hit != NULL || (size_t)n < sizeof magic)
			return 0;
		at += (uint64_t)n - (sizeof magic - 1);
	}
}

/* 1: an index or seek table is at s->at, and was stepped over. */
static int skip_tail(struct pack_scan *s)
{
	const uint8_t *head = NULL;
	uint32_t magic, size;
	ssize_t n = look(s, &head, s->at, PACK_SKIPPABLE_HEAD);
	if (n < PACK_SKIPPABLE_HEAD)
		return n < 0 ? -1 : 0;
	memcpy(&magic, head, 4);
	memcpy(&size, head + 4, 4);
	if (magic != PACK_INDEX_MAGIC && magic != PACK_TABLE_MAGIC)
		return 0;
	if (size > s->file_size - s->at - PACK_SKIPPABLE_HEAD)	/* cut, or damaged: no record is in it anyway */
		return find_frame(s, s->at + PACK_SKIPPABLE_HEAD, &s->at) == 0 ? 1 : -1;
	s->at += PACK_SKIPPABLE_HEAD + (uint64_t)size;
	return 1;
}

static int next_by_magic(struct pack_scan *s, struct pack_piece *piece)
{
	const uint8_t *head = NULL;
	uint64_t next = 0;
	int skipped;
	while ((skipped = skip_tail(s)) == 1)
		;
	if (skipped < 0)
		return -1;
	if (s->at >= s->file_size)
		return 0;
	piece->frame = -1;
	piece->place = s->at;
	ssize_t n = look(s, &head, s->at, 4);
	if (n < 0)
		return -1;
	if (!unpack_is(head, (size_t)n)) {
		snprintf(piece->damage, sizeof piece->damage, "no zstd frame is where one should begin");
		return find_frame(s, s->at, &s->at) == 0 ? 1 : -1;
	}
	TRY(unpack_some(s, piece, s->at, s->file_size, &next));
	/* A damaged length may have led far beyond the next frame. */
	if (piece->damage[0] != '\0')
		TRY(find_frame(s, s->at + 4, &next));
	s->at = next;
	return 1;
}

int pack_scan_next(struct pack_scan *s, struct pack_piece *piece)
{
	*piece = (struct pack_piece){ .bytes = s->bytes };
	return s->index != NULL ? next_by_index(s, piece) : next_by_magic(s, piece);
}
