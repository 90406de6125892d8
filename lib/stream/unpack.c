#include "stream/unpack.h"

#include "base/io.h"
#include "stream/frame.h"
#include "stream/pack_index.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

enum {
	INPUT_SIZE = 256 << 10,
	WINDOW_LOG_MAX = 23,	/* what a hostile frame may make zstd allocate: 8 MiB */
};

enum state { AT_START, IN_FRAME, BETWEEN_FRAMES, AFTER_TABLE };

struct done_frame {
	uint64_t hash;
	struct pack_frame as;	/* the seek table must say */
};

struct unpack {
	int fd;
	const char *name;
	enum state state;
	ZSTD_DCtx *zstd;
	uint8_t *input;	/* compressed bytes, at..end not yet used */
	size_t at, end;
	XXH3_state_t *hash;	/* of the frame under way */
	uint64_t packed, size;	/* of the frame under way */
	struct done_frame *frames;	/* those of this pack that are done */
	uint64_t n_frames, frames_room;
	uint64_t produced;	/* bytes of the stream */
};

bool unpack_is(const uint8_t *head, size_t size)
{
	uint32_t magic = PACK_ZSTD_MAGIC;
	return size == sizeof magic && memcmp(head, &magic, sizeof magic) == 0;
}

struct unpack *unpack_new(int fd, const char *name, const uint8_t *head, size_t size)
{
	struct unpack *u = calloc(1, sizeof *u);
	if (u == NULL)
		return err_null("out of memory");
	u->fd = fd;
	u->name = name;
	u->zstd = ZSTD_createDCtx();
	u->input = malloc(INPUT_SIZE);
	u->hash = XXH3_createState();
	if (u->zstd == NULL || u->input == NULL || u->hash == NULL ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		unpack_free(u);
		return err_null("out of memory");
	}
	memcpy(u->input, head, size);
	u->end = size;
	return u;
}

void unpack_free(struct unpack *u)
{
	if (u == NULL)
		return;
	ZSTD_freeDCtx(u->zstd);
	XXH3_freeState(u->hash);
	free(u->input);
	free(u->frames);
	free(u);
}

/* More input behind what is there. 0: the end. */
static int refill(struct unpack *u)
{
	memmove(u->input, u->input + u->at, u->end - u->at);
	u->end -= u->at;
	u->at = 0;
	ssize_t n = io_read_some(u->fd, u->name, u->input + u->end, 1, INPUT_SIZE - u->end);
	if (n > 0)
		u->end += (size_t)n;
	return n < 0 ? -1 : n > 0;
}

static int cut_in(const char *what)
{
	return err_set("the pack ends inside its %s: it was cut, or the program that wrote it died", what);
}

static int end_frame(struct unpack *u)
{
	if (u->n_frames == u->frames_room) {
		uint64_t room = u->frames_room == 0 ? 64 : 2 * u->frames_room;
		struct done_frame *larger = realloc(u->frames, room * sizeof *larger);
		if (larger == NULL)
			return err_set("out of memory: a pack of %llu frames", (unsigned long long)u->n_frames);
		u->frames = larger;
		u->frames_room = room;
	}
	if (u->packed > UINT32_MAX || u->size > UINT32_MAX)
		return err_set("damaged: a zstd frame of %llu bytes", (unsigned long long)u->size);
	u->frames[u->n_frames++] = (struct done_frame){ XXH3_64bits_digest(u->hash),
							 { (uint32_t)u->packed, (uint32_t)u->size } };
	u->produced += u->size;
	u->state = BETWEEN_FRAMES;
	return 0;
}

/* Exactly size bytes that follow; memory grows with what arrives. NULL with a message. */
static uint8_t *take(struct unpack *u, size_t size, const char *what, struct arena *a)
{
	size_t got = 0, room = 0;
	uint8_t *bytes = NULL;
	while (got < size || bytes == NULL) {
		if (got == room) {
			room = 2 * room + INPUT_SIZE < size ? 2 * room + INPUT_SIZE : size;
			uint8_t *larger = arena_alloc(a, room);
			if (larger == NULL)
				return NULL;
			if (got > 0)
				memcpy(larger, bytes, got);
			bytes = larger;
		}
		if (u->at == u->end) {
			int more = refill(u);
			if (more < 0)
				return NULL;
			if (more == 0) {
				cut_in(what);
				return NULL;
			}
		}
		size_t part = u->end - u->at < room - got ? u->end - u->at : room - got;
		memcpy(bytes + got, u->input + u->at, part);
		u->at += part;
		got += part;
	}
	return bytes;
}

static int check_frames(const struct unpack *u, const struct pack_index *x)
{
	if (x->n_frames != u->n_frames)
		return err_set("damaged: the index has %u zstd frames, %llu were read", x->n_frames,
			       (unsigned long long)u->n_frames);
	for (uint64_t i = 0; i < u->n_frames; i++)
		if (x->hashes[i] != u->frames[i].hash || x->frames[i].packed != u->frames[i].as.packed ||
		    x->frames[i].size != u->frames[i].as.size)
			return err_set("damaged: zstd frame %llu is not the one that the index knows",
				       (unsigned long long)i);
	return 0;
}

/* Index and seek table, which stand at the input; they must fit what was read. */
static int read_tail(struct unpack *u, struct arena *a)
{
	struct pack_index x;
	uint32_t size;
	memcpy(&size, u->input + u->at + 4, sizeof size);
	/* A record takes FRAME_SIZE bytes of the stream at least, so the stream limits the index. */
	uint64_t most = PACK_INDEX_FIXED + 8 * u->n_frames + sizeof(struct pack_entry) * (u->produced / FRAME_SIZE) + 8;
	if (size > most)
		return err_set("damaged: an index of %u bytes", size);
	size_t index_size = PACK_SKIPPABLE_HEAD + (size_t)size, table_size = (size_t)pack_table_size(u->n_frames);
	uint8_t *index = take(u, index_size, "index", a);
	if (index == NULL)
		return -1;
	uint8_t *table = take(u, table_size, "seek table", a);
	if (table == NULL)
		return -1;
	TRY(pack_index_decode(&x, index, index_size, table, table_size, a));
	TRY(check_frames(u, &x));
	u->n_frames = 0;
	u->produced = 0;
	u->state = AFTER_TABLE;
	return 0;
}

static int check_tail(struct unpack *u)
{
	struct arena a;
	arena_init(&a, 1 << 16);
	int status = read_tail(u, &a);
	arena_release(&a);
	return status == 0 ? 0 : err_context("index of '%s'", u->name);
}

/* 1: a zstd frame begins; 0: the end. Index and seek table are checked on the way. */
static int next_frame(struct unpack *u)
{
	for (;;) {
		while (u->end - u->at < PACK_SKIPPABLE_HEAD) {
			int more = refill(u);
			if (more < 0)
				return -1;
			if (more == 0 && u->end == u->at && u->state == AFTER_TABLE)
				return 0;
			if (more == 0)
				return cut_in(u->state == AFTER_TABLE ? "last bytes" : "index");
		}
		uint32_t magic;
		memcpy(&magic, u->input + u->at, sizeof magic);
		if (magic == PACK_ZSTD_MAGIC)
			break;
		if (magic != PACK_INDEX_MAGIC || u->state != BETWEEN_FRAMES)
			return err_set("damaged: neither a zstd frame nor an index follows");
		TRY(check_tail(u));
	}
	XXH3_64bits_reset(u->hash);
	u->packed = u->size = 0;
	u->state = IN_FRAME;
	return 1;
}

/* Unpack some of the frame under way. */
static int step(struct unpack *u, ZSTD_outBuffer *out)
{
	if (u->at == u->end) {
		int more = refill(u);
		if (more < 0)
			return -1;
		if (more == 0)
			return cut_in("zstd frames");
	}
	ZSTD_inBuffer in = { u->input, u->end, u->at };
	size_t out_before = out->pos, left = ZSTD_decompressStream(u->zstd, out, &in);
	if (ZSTD_isError(left))
		return err_set("damaged: a zstd frame cannot be unpacked: %s", ZSTD_getErrorName(left));
	XXH3_64bits_update(u->hash, u->input + u->at, in.pos - u->at);
	u->packed += in.pos - u->at;
	u->size += out->pos - out_before;
	u->at = in.pos;
	return left == 0 ? end_frame(u) : 0;
}

ssize_t unpack_read(struct unpack *u, uint8_t *data, size_t least, size_t most)
{
	ZSTD_outBuffer out = { data, most, 0 };
	while (out.pos < least) {
		if (u->state != IN_FRAME) {
			int more = next_frame(u);
			if (more <= 0)
				return more < 0 ? -1 : (ssize_t)out.pos;
		}
		TRY(step(u, &out));
	}
	return (ssize_t)out.pos;
}
