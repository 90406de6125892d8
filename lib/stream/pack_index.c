#include "stream/pack_index.h"

#include "stream/frame.h"

#include <stdlib.h>
#include <string.h>

static const char index_name[8] = "cocoindx";

_Static_assert(sizeof(struct pack_entry) == 32 && sizeof(struct pack_frame) == 8,
	       "entries and frames are stored as they lie in memory");

static void put_list(uint8_t **at, const void *list, size_t size)
{
	if (size > 0)
		memcpy(*at, list, size);
	*at += size;
}

static void put32(uint8_t **at, uint64_t value)
{
	uint32_t v = (uint32_t)value;
	memcpy(*at, &v, 4);
	*at += 4;
}

static void put64(uint8_t **at, uint64_t value)
{
	memcpy(*at, &value, 8);
	*at += 8;
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t v;
	memcpy(&v, at, 4);
	return v;
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t v;
	memcpy(&v, at, 8);
	return v;
}

uint64_t pack_table_size(uint64_t n_frames)
{
	return PACK_SKIPPABLE_HEAD + 8 * (n_frames + 1) + PACK_FOOTER;
}

static uint64_t index_size_of(uint64_t n_frames, uint64_t n_records)
{
	return PACK_SKIPPABLE_HEAD + PACK_INDEX_FIXED + 8 * n_frames + sizeof(struct pack_entry) * n_records + 8;
}

/* What the last 8 bytes of the index must be; both skippable frames are whole. */
static uint64_t tail_hash(const uint8_t *index, size_t index_size, const uint8_t *table, size_t table_size)
{
	uint64_t parts[2];
	parts[0] = frame_hash(index + PACK_SKIPPABLE_HEAD, index_size - PACK_SKIPPABLE_HEAD - 8);
	parts[1] = frame_hash(table, table_size);
	return frame_hash(parts, sizeof parts);
}

static void put_table(uint8_t *at, const struct pack_index *x, uint64_t index_size)
{
	put32(&at, PACK_TABLE_MAGIC);
	put32(&at, pack_table_size(x->n_frames) - PACK_SKIPPABLE_HEAD);
	put_list(&at, x->frames, x->n_frames * sizeof *x->frames);
	put32(&at, index_size);
	put32(&at, 0);
	put32(&at, x->n_frames + 1);
	*at++ = 0;
	put32(&at, PACK_FOOTER_MAGIC);
}

int pack_index_encode(uint8_t **bytes, size_t *size, const struct pack_index *x, struct arena *a)
{
	uint64_t index_size = index_size_of(x->n_frames, x->n_records), table_size = pack_table_size(x->n_frames);
	if (index_size > UINT32_MAX || table_size > UINT32_MAX)
		return err_set("%llu records are too many for one pack; write several",
			       (unsigned long long)x->n_records);
	*size = (size_t)(index_size + table_size);
	*bytes = arena_alloc(a, *size);
	if (*bytes == NULL)
		return -1;
	uint8_t *at = *bytes;
	put32(&at, PACK_INDEX_MAGIC);
	put32(&at, index_size - PACK_SKIPPABLE_HEAD);
	memcpy(at, index_name, sizeof index_name);
	at += sizeof index_name;
	put32(&at, PACK_INDEX_VERSION);
	put32(&at, x->n_frames);
	put64(&at, x->n_records);
	put64(&at, x->stream_size);
	put_list(&at, x->hashes, x->n_frames * sizeof *x->hashes);
	put_list(&at, x->entries, x->n_records * sizeof *x->entries);
	put_table(at + 8, x, index_size);
	put64(&at, tail_hash(*bytes, (size_t)index_size, at + 8, (size_t)table_size));
	return 0;
}

static int check_sizes(const struct pack_index *x, const uint8_t *index, size_t index_size, const uint8_t *table,
		       size_t table_size)
{
	if (get32(index) != PACK_INDEX_MAGIC || get32(index + 4) != index_size - PACK_SKIPPABLE_HEAD ||
	    memcmp(index + 8, index_name, sizeof index_name) != 0)
		return err_set("damaged: the index does not begin as one");
	if (get32(index + 16) != PACK_INDEX_VERSION)
		return err_set("the index has version %u, this program reads version %d", get32(index + 16),
			       PACK_INDEX_VERSION);
	if (x->n_records > index_size / sizeof(struct pack_entry) ||
	    index_size != index_size_of(x->n_frames, x->n_records) || table_size != pack_table_size(x->n_frames))
		return err_set("damaged: index and seek table do not have the sizes their counts ask for");
	if (get64(index + index_size - 8) != tail_hash(index, index_size, table, table_size))
		return err_set("damaged: the hash does not match index and seek table");
	const uint8_t *last = table + table_size - PACK_FOOTER - 8, *footer = last + 8;
	if (get32(table) != PACK_TABLE_MAGIC || get32(table + 4) != table_size - PACK_SKIPPABLE_HEAD ||
	    get32(last) != index_size || get32(last + 4) != 0 || get32(footer) != x->n_frames + 1 || footer[4] != 0 ||
	    get32(footer + 5) != PACK_FOOTER_MAGIC)
		return err_set("damaged: the seek table does not fit the index");
	return 0;
}

/* Every record lies in the frame it names, after the record before it. */
static int check_entries(const struct pack_index *x)
{
	uint64_t start = 0, used = 0;	/* of the frame; end of the record before */
	uint32_t f = 0;
	for (uint64_t i = 0; i < x->n_records; i++) {
		const struct pack_entry *e = &x->entries[i];
		for (; f < x->n_frames && f < e->zstd_frame; f++)
			start += x->frames[f].size;
		if (f != e->zstd_frame || f >= x->n_frames || e->offset < start || e->offset < used ||
		    e->size > UINT32_MAX || e->offset > x->stream_size ||
		    e->offset + FRAME_SIZE + e->size > start + x->frames[f].size)
			return err_set("the index says of record %llu what cannot be", (unsigned long long)i);
		used = e->offset + FRAME_SIZE + e->size;
	}
	return 0;
}

/* Sums of the frames before every PACK_MARK_STEP-th one: a table of all would take as much as the index again. */
static int make_marks(struct pack_index *x, struct arena *a)
{
	struct pack_mark at = { 0, 0 };
	x->marks = arena_alloc(a, (x->n_frames / PACK_MARK_STEP + 1) * sizeof *x->marks);
	if (x->marks == NULL)
		return -1;
	for (uint32_t f = 0; f < x->n_frames; f++) {
		if (f % PACK_MARK_STEP == 0)
			x->marks[f / PACK_MARK_STEP] = at;
		at.place += x->frames[f].packed;
		at.start += x->frames[f].size;
	}
	if (x->n_frames % PACK_MARK_STEP == 0)
		x->marks[x->n_frames / PACK_MARK_STEP] = at;
	if (at.start != x->stream_size)
		return err_set("the seek table has %llu bytes, the index %llu", (unsigned long long)at.start,
			       (unsigned long long)x->stream_size);
	return 0;
}

struct pack_mark pack_index_mark(const struct pack_index *x, uint32_t f)
{
	struct pack_mark at = x->marks[f / PACK_MARK_STEP];
	for (uint32_t i = f - f % PACK_MARK_STEP; i < f; i++) {
		at.place += x->frames[i].packed;
		at.start += x->frames[i].size;
	}
	return at;
}

void pack_index_expect(const struct pack_index *x, uint32_t f)
{
	__builtin_prefetch(&x->marks[f / PACK_MARK_STEP]);
	__builtin_prefetch(&x->frames[f]);
	__builtin_prefetch(&x->hashes[f]);
}

int pack_index_decode(struct pack_index *x, const uint8_t *index, size_t index_size, const uint8_t *table,
		      size_t table_size, struct arena *a)
{
	if (index_size < index_size_of(0, 0) || table_size < pack_table_size(0))
		return err_set("damaged: index or seek table is too short");
	*x = (struct pack_index){ .n_frames = get32(index + 20), .n_records = get64(index + 24),
				  .stream_size = get64(index + 32) };
	TRY(check_sizes(x, index, index_size, table, table_size));
	const uint8_t *lists = index + PACK_SKIPPABLE_HEAD + PACK_INDEX_FIXED;
	x->hashes = (const void *)lists;
	x->entries = (const void *)(lists + x->n_frames * sizeof *x->hashes);
	x->frames = (const void *)(table + PACK_SKIPPABLE_HEAD);
	TRY(make_marks(x, a));
	return check_entries(x);
}

int pack_reserve(uint8_t **data, size_t *room, size_t want)
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
