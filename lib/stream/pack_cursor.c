/* Reading single zstd frames of a pack, and records out of them. */
#include "stream/pack_state.h"
#include "stream/wire.h"

#define ZSTD_STATIC_LINKING_ONLY	/* ZSTD_d_forceIgnoreChecksum */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

/* Others that write packs may put as many small records into a zstd frame. */
enum { SHARED_LIMIT = 256 << 10 };

/*
 * Where an unpacked frame begins in its buffer: the body of its first record, FRAME_SIZE bytes later,
 * is aligned then.
 */
enum { FRAME_SHIFT = ARENA_ALIGN - FRAME_SIZE };

int pack_cursor_open(struct pack_cursor *c, const struct pack *p)
{
	*c = (struct pack_cursor){ .pack = p->state, .loaded = -1, .zstd = ZSTD_createDCtx() };
	/* The index has a hash of the compressed bytes, and each record one of its own: a third one is of no use. */
	if (c->zstd == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(c->zstd, ZSTD_d_forceIgnoreChecksum, 1)))
		return err_set("out of memory");
	return 0;
}

void pack_cursor_close(struct pack_cursor *c)
{
	ZSTD_freeDCtx(c->zstd);
	free(c->packed);
	free(c->frame);
	*c = (struct pack_cursor){ .loaded = -1 };
}

/* Unpack zstd frame f, whose place is known, to `to`, which has room for it. */
static int unpack_frame(struct pack_cursor *c, uint32_t f, uint64_t place, uint8_t *to)
{
	const struct pack_state *s = c->pack;
	const struct pack_frame *x = &s->index.frames[f];
	TRY(pack_reserve(&c->packed, &c->packed_room, x->packed));
	TRY(pack_read_at(s, c->packed, x->packed, place));
	if (frame_hash(c->packed, x->packed) != s->index.hashes[f] ||
	    ZSTD_getFrameContentSize(c->packed, x->packed) != x->size)
		return err_set("damaged: zstd frame %u is not the one that the index knows", f);
	size_t n = ZSTD_decompressDCtx(c->zstd, to, x->size, c->packed, x->packed);
	if (n != x->size)
		return err_set("damaged: zstd frame %u cannot be unpacked: %s", f,
			       ZSTD_isError(n) ? ZSTD_getErrorName(n) : "wrong size");
	return 0;
}

/* Zstd frame f in the cursor's own memory, unless it is there. */
static int load_frame(struct pack_cursor *c, uint32_t f, uint64_t place)
{
	if (c->loaded == f)
		return 0;
	c->loaded = -1;
	TRY(pack_reserve(&c->frame, &c->frame_room, c->pack->index.frames[f].size));
	TRY(unpack_frame(c, f, place, c->frame));
	c->loaded = f;
	return 0;
}

/* Check the frame at bytes, of which `left` are there, and that it is of that role. */
static int check_part(const struct pack_state *s, uint32_t f, const uint8_t *bytes, uint64_t left, int role,
		      struct frame *frame)
{
	if (left < FRAME_SIZE)
		return err_set("damaged: zstd frame %u has no room for a frame", f);
	TRY(frame_parse(frame, bytes, s->cap));
	if (frame->role != role || frame->size > left - FRAME_SIZE)
		return err_set("damaged: zstd frame %u does not hold what belongs there", f);
	return 0;
}

/* The body at `at` in a zstd frame of several records, by a copy. */
static int shared_part(struct pack_cursor *c, uint32_t f, uint64_t place, uint64_t at, int role, uint8_t **body,
		       struct frame *frame, struct arena *a)
{
	TRY(load_frame(c, f, place));
	TRY(check_part(c->pack, f, c->frame + at, c->pack->index.frames[f].size - at, role, frame));
	*body = arena_alloc(a, (size_t)frame->size);
	if (*body == NULL)
		return -1;
	memcpy(*body, c->frame + at + FRAME_SIZE, (size_t)frame->size);
	return 0;
}

int pack_cursor_part(struct pack_cursor *c, uint32_t f, uint64_t at, bool alone, int role, const uint8_t **body,
		     struct frame *frame, struct arena *a)
{
	const struct pack_state *s = c->pack;
	uint32_t size = s->index.frames[f].size;
	uint64_t place = pack_index_mark(&s->index, f).place;
	uint8_t *bytes;
	if (size > FRAME_SIZE + (s->cap > SHARED_LIMIT ? s->cap : SHARED_LIMIT))
		return err_set("a zstd frame of %u bytes is longer than the limit", size);
	if (!alone) {
		TRY(shared_part(c, f, place, at, role, &bytes, frame, a));
	} else {
		/* It is unpacked to where it shall be. */
		uint8_t *whole = arena_alloc(a, FRAME_SHIFT + (size_t)size);
		if (whole == NULL)
			return -1;
		TRY(unpack_frame(c, f, place, whole + FRAME_SHIFT));
		TRY(check_part(s, f, whole + FRAME_SHIFT, size, role, frame));
		bytes = whole + FRAME_SHIFT + FRAME_SIZE;
	}
	*body = bytes;
	return frame_check(frame, bytes);
}

static int read_record(struct pack_cursor *c, const struct pack_entry *e, struct stream_body *body, struct arena *a)
{
	struct frame frame;
	uint64_t at = e->offset - pack_index_mark(&c->pack->index, e->zstd_frame).start;
	bool alone = c->pack->index.frames[e->zstd_frame].size == FRAME_SIZE + e->size;
	TRY(pack_cursor_part(c, e->zstd_frame, at, alone, WIRE_FRAME_RECORD, &body->data, &frame, a));
	if (frame.size != e->size)
		return err_set("damaged: the index says %llu bytes, the frame %llu", (unsigned long long)e->size,
			       (unsigned long long)frame.size);
	body->size = (size_t)frame.size;
	return 0;
}

int pack_cursor_read(struct pack_cursor *c, int64_t i, struct stream_body *body, struct arena *a)
{
	const struct pack_state *s = c->pack;
	if (i < 0 || (uint64_t)i >= s->index.n_records)
		return err_set("no record %lld in '%s': it has %llu", (long long)i, s->name,
			       (unsigned long long)s->index.n_records);
	body->number = i;
	if (read_record(c, &s->index.entries[i], body, a) == 0)
		return 0;
	return err_context("record %lld of '%s'", (long long)i, s->name);
}
