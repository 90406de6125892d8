#include "stream/packer.h"

#include "base/io.h"
#include "stream/pack_index.h"
#include "stream/wire.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

/* JPEG does not shrink; a fast level takes what labels and pixels give. */
enum { LEVEL = 1 };

struct packer {
	int fd;
	const char *name;
	ZSTD_CCtx *zstd;
	uint8_t *pending;	/* bytes of the stream that are not yet in a zstd frame */
	size_t used, room;
	uint8_t *packed;
	size_t packed_room;
	struct pack_index index;
	struct pack_entry *entries;
	uint64_t frames_room, entries_room;
};

struct packer *packer_new(int fd, const char *name)
{
	struct packer *p = calloc(1, sizeof *p);
	if (p == NULL)
		return err_null("out of memory");
	p->fd = fd;
	p->name = name;
	p->zstd = ZSTD_createCCtx();
	if (p->zstd != NULL && !ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL)) &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1)))
		return p;
	packer_free(p);
	return err_null("out of memory");
}

void packer_free(struct packer *p)
{
	if (p == NULL)
		return;
	ZSTD_freeCCtx(p->zstd);
	free(p->pending);
	free(p->packed);
	free(p->index.frames);
	free(p->entries);
	free(p);
}

/* The list with room for at least `want` elements, or NULL. */
static void *grown(void *list, uint64_t *room, uint64_t want, size_t element)
{
	if (want <= *room)
		return list;
	uint64_t larger = 2 * *room > want ? 2 * *room : want;
	list = realloc(list, larger * element);
	if (list == NULL)
		return err_null("out of memory: a pack of %llu entries", (unsigned long long)want);
	*room = larger;
	return list;
}

static int reserve(uint8_t **data, size_t *room, size_t want)
{
	if (want <= *room)
		return 0;
	uint8_t *larger = realloc(*data, want);
	if (larger == NULL)
		return err_set("out of memory: %zu bytes of a pack", want);
	*data = larger;
	*room = want;
	return 0;
}

/* What is pending becomes a zstd frame. */
static int flush(struct packer *p)
{
	if (p->used == 0)
		return 0;
	if (p->used > UINT32_MAX)
		return err_set("'%s': a record of %zu bytes is too long for a pack", p->name, p->used);
	TRY(reserve(&p->packed, &p->packed_room, ZSTD_compressBound(p->used)));
	struct pack_frame *frames = grown(p->index.frames, &p->frames_room, p->index.n_frames + UINT64_C(1),
					  sizeof *frames);
	if (frames == NULL)
		return -1;
	p->index.frames = frames;
	size_t n = ZSTD_compress2(p->zstd, p->packed, p->packed_room, p->pending, p->used);
	if (ZSTD_isError(n) || n > UINT32_MAX)
		return err_set("'%s': cannot compress %zu bytes: %s", p->name, p->used, ZSTD_getErrorName(n));
	TRY(io_write(p->fd, p->name, p->packed, n));
	p->index.frames[p->index.n_frames++] = (struct pack_frame){ XXH3_64bits(p->packed, n), (uint32_t)n,
								    (uint32_t)p->used };
	p->index.stream_size += p->used;
	p->used = 0;
	return 0;
}

uint64_t pack_id_hash_text(const char *text, size_t length)
{
	return XXH3_64bits(text, length);
}

uint64_t pack_id_hash_number(int64_t number)
{
	return XXH3_64bits_withSeed(&number, sizeof number, 1);
}

/* The hash of the id in a record's body; 0: it has none. */
static int find_id(uint64_t *hash, const void *body, size_t size)
{
	struct wire_cursor c = wire_cursor(body, size);
	struct wire_item map, key, id;
	*hash = 0;
	TRY(wire_next(&c, &map));
	for (uint32_t pairs = map.type == WIRE_MAP ? map.size : 0; pairs > 0; pairs--) {
		TRY(wire_next(&c, &key));
		if (!wire_is(&key, "id")) {
			TRY(wire_skip(&c));
			continue;
		}
		TRY(wire_next(&c, &id));
		if (id.type == WIRE_TEXT)
			*hash = pack_id_hash_text((const char *)id.data, id.size);
		else if (id.type == WIRE_INT)
			*hash = pack_id_hash_number(id.integer);
		return 0;
	}
	return 0;
}

static int add_entry(struct packer *p, const void *body, size_t size, int64_t objects)
{
	struct pack_entry e = { .offset = p->index.stream_size + p->used, .size = size,
				.zstd_frame = p->index.n_frames, .objects = (uint32_t)objects };
	if (objects < 0 || objects > UINT32_MAX)
		return err_set("'%s': %lld objects in one record", p->name, (long long)objects);
	TRY(find_id(&e.id_hash, body, size));
	struct pack_entry *entries = grown(p->entries, &p->entries_room, p->index.n_records + 1, sizeof e);
	if (entries == NULL)
		return -1;
	p->entries = entries;
	p->entries[p->index.n_records++] = e;
	return 0;
}

int packer_put(struct packer *p, int role, const uint8_t frame[FRAME_SIZE], const void *body, size_t size,
	       int64_t objects)
{
	bool is_record = role == WIRE_FRAME_RECORD;
	if (!is_record || p->used + FRAME_SIZE + size > PACKER_FRAME)
		TRY(flush(p));
	if (is_record)
		TRY(add_entry(p, body, size, objects));
	size_t want = p->used + FRAME_SIZE + size;
	TRY(reserve(&p->pending, &p->room, want > PACKER_FRAME ? want : PACKER_FRAME));
	memcpy(p->pending + p->used, frame, FRAME_SIZE);
	memcpy(p->pending + p->used + FRAME_SIZE, body, size);
	p->used = want;
	return is_record ? 0 : flush(p);
}

int packer_end(struct packer *p)
{
	struct arena a;
	uint8_t *bytes;
	size_t size;
	TRY(flush(p));
	p->index.entries = p->entries;
	arena_init(&a, 1 << 16);
	int status = pack_index_encode(&bytes, &size, &p->index, &a);
	if (status == 0)
		status = io_write(p->fd, p->name, bytes, size);
	arena_release(&a);
	return status;
}
