#include "stream/packer.h"

#include "base/io.h"
#include "stream/pack_index.h"
#include "stream/wire.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

/* JPEG does not shrink; a fast level takes what labels and pixels give. */
enum { LEVEL = 1 };

enum { MAX_CONTEXTS = 256 };

/*
 * What goes to the file at once. File systems keep it in pages of that size, and a reader of records out of order spends
 * less on looking pages up.
 */
enum { OUTPUT_SIZE = 1 << 20 };

struct packer {
	int fd;
	const char *name;
	pthread_mutex_t lock;	/* of the contexts */
	ZSTD_CCtx *idle[MAX_CONTEXTS];	/* one for each thread that compresses at the same time */
	int n_idle;
	uint8_t *pending;	/* bytes of the stream that are not yet in a zstd frame */
	size_t used, room;
	uint8_t *packed;
	size_t packed_room;
	uint8_t *output;	/* [OUTPUT_SIZE] bytes of the file that are not yet written */
	size_t output_used;
	struct pack_index index;
	uint64_t *hashes;
	struct pack_frame *frames;
	struct pack_entry *entries;
	uint64_t hashes_room, frames_room, entries_room;
};

static ZSTD_CCtx *new_context(void)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	if (zstd != NULL && !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, LEVEL)) &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1)))
		return zstd;
	ZSTD_freeCCtx(zstd);
	return err_null("out of memory");
}

static ZSTD_CCtx *take_context(struct packer *p)
{
	ZSTD_CCtx *zstd = NULL;
	pthread_mutex_lock(&p->lock);
	if (p->n_idle > 0)
		zstd = p->idle[--p->n_idle];
	pthread_mutex_unlock(&p->lock);
	return zstd != NULL ? zstd : new_context();
}

static void give_context(struct packer *p, ZSTD_CCtx *zstd)
{
	pthread_mutex_lock(&p->lock);
	if (p->n_idle < MAX_CONTEXTS) {
		p->idle[p->n_idle++] = zstd;
		zstd = NULL;
	}
	pthread_mutex_unlock(&p->lock);
	ZSTD_freeCCtx(zstd);
}

struct packer *packer_new(int fd, const char *name)
{
	struct packer *p = calloc(1, sizeof *p);
	uint8_t *output = malloc(OUTPUT_SIZE);
	if (p == NULL || output == NULL) {
		free(p);
		free(output);
		return err_null("out of memory");
	}
	p->output = output;
	p->fd = fd;
	p->name = name;
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

void packer_free(struct packer *p)
{
	if (p == NULL)
		return;
	while (p->n_idle > 0)
		ZSTD_freeCCtx(p->idle[--p->n_idle]);
	pthread_mutex_destroy(&p->lock);
	free(p->pending);
	free(p->packed);
	free(p->output);
	free(p->hashes);
	free(p->frames);
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

static int compress(struct packer *p, size_t *packed_size, uint8_t *packed, size_t room, const uint8_t *bytes,
		    size_t size)
{
	ZSTD_CCtx *zstd = take_context(p);
	if (zstd == NULL)
		return -1;
	size_t n = ZSTD_compress2(zstd, packed, room, bytes, size);
	give_context(p, zstd);
	if (ZSTD_isError(n) || n > UINT32_MAX)
		return err_set("'%s': cannot compress %zu bytes: %s", p->name, size, ZSTD_getErrorName(n));
	*packed_size = n;
	return 0;
}

static int check_length(const struct packer *p, size_t size)
{
	return size <= UINT32_MAX ? 0 : err_set("'%s': a record of %zu bytes is too long for a pack", p->name, size);
}

static int write_output(struct packer *p)
{
	size_t size = p->output_used;
	p->output_used = 0;
	return io_write(p->fd, p->name, p->output, size);
}

/* Bytes to the file, by way of the output. */
static int put_bytes(struct packer *p, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		size_t room = OUTPUT_SIZE - p->output_used, n = size < room ? size : room;
		memcpy(p->output + p->output_used, bytes, n);
		p->output_used += n;
		bytes += n;
		size -= n;
		if (p->output_used == OUTPUT_SIZE)
			TRY(write_output(p));
	}
	return 0;
}

/* A zstd frame of `size` bytes of the stream to the file, and into the lists. */
static int write_frame(struct packer *p, const struct packer_frame *f, size_t size)
{
	struct pack_index *x = &p->index;
	uint64_t *hashes = grown(p->hashes, &p->hashes_room, x->n_frames + UINT64_C(1), sizeof *hashes);
	if (hashes == NULL)
		return -1;
	p->hashes = hashes;
	struct pack_frame *frames = grown(p->frames, &p->frames_room, x->n_frames + UINT64_C(1), sizeof *frames);
	if (frames == NULL)
		return -1;
	p->frames = frames;
	TRY(put_bytes(p, f->bytes, f->size));
	hashes[x->n_frames] = f->hash;
	frames[x->n_frames++] = (struct pack_frame){ (uint32_t)f->size, (uint32_t)size };
	x->stream_size += size;
	return 0;
}

/* What is pending becomes a zstd frame. */
static int flush(struct packer *p)
{
	size_t n;
	if (p->used == 0)
		return 0;
	TRY(check_length(p, p->used));
	TRY(pack_reserve(&p->packed, &p->packed_room, ZSTD_compressBound(p->used)));
	TRY(compress(p, &n, p->packed, p->packed_room, p->pending, p->used));
	struct packer_frame f = { p->packed, n, frame_hash(p->packed, n) };
	TRY(write_frame(p, &f, p->used));
	p->used = 0;
	return 0;
}

int packer_prepare(struct packer *p, struct packer_frame *ready, const uint8_t frame[FRAME_SIZE], const void *body,
		   size_t size, struct arena *a)
{
	*ready = (struct packer_frame){ NULL, 0, 0 };
	size_t whole = FRAME_SIZE + size, room = ZSTD_compressBound(whole);
	if (whole <= PACKER_SHARE)
		return 0;
	TRY(check_length(p, whole));
	uint8_t *bytes = arena_alloc(a, whole), *packed = arena_alloc(a, room);
	if (bytes == NULL || packed == NULL)
		return -1;
	memcpy(bytes, frame, FRAME_SIZE);
	memcpy(bytes + FRAME_SIZE, body, size);
	TRY(compress(p, &ready->size, packed, room, bytes, whole));
	ready->bytes = packed;
	ready->hash = frame_hash(packed, ready->size);
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

int pack_id_hash_body(uint64_t *hash, const void *body, size_t size)
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
	TRY(pack_id_hash_body(&e.id_hash, body, size));
	struct pack_entry *entries = grown(p->entries, &p->entries_room, p->index.n_records + 1, sizeof e);
	if (entries == NULL)
		return -1;
	p->entries = entries;
	p->entries[p->index.n_records++] = e;
	return 0;
}

int packer_put(struct packer *p, int role, const uint8_t frame[FRAME_SIZE], const void *body, size_t size,
	       int64_t objects, const struct packer_frame *ready)
{
	bool is_record = role == WIRE_FRAME_RECORD;
	if (!is_record || p->used + FRAME_SIZE + size > PACKER_SHARE)
		TRY(flush(p));
	if (is_record)
		TRY(add_entry(p, body, size, objects));
	if (ready != NULL && ready->bytes != NULL)
		return write_frame(p, ready, FRAME_SIZE + size);
	size_t want = p->used + FRAME_SIZE + size;
	TRY(pack_reserve(&p->pending, &p->room, want > PACKER_SHARE ? want : PACKER_SHARE));
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
	p->index.hashes = p->hashes;
	p->index.frames = p->frames;
	p->index.entries = p->entries;
	arena_init(&a, 1 << 16);
	int status = pack_index_encode(&bytes, &size, &p->index, &a);
	if (status == 0)
		status = put_bytes(p, bytes, size);
	if (status == 0)
		status = write_output(p);
	arena_release(&a);
	return status;
}
