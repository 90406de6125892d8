/*
 * pack_index: the two skippable frames at the end of a pack, to bytes and back.
 *
 *     index       u32 PACK_INDEX_MAGIC, u32 size of what follows
 *                 "cocoindx", u32 version, u32 frames, u64 records, u64 bytes of the stream
 *                 frames times u64: XXH3-64 of the zstd frame's (compressed) bytes
 *                 records times struct pack_entry
 *                 u64 XXH3-64 of two u64: XXH3-64 of the index between its first and last 8 bytes,
 *                 and XXH3-64 of the whole seek table
 *     seek table  of the zstd seekable format, without checksums: u32 PACK_TABLE_MAGIC, u32 size,
 *                 (u32 compressed size, u32 size) of each frame and (its size, 0) of the index,
 *                 u32 entries, u8 0, u32 PACK_FOOTER_MAGIC
 *
 * All numbers are little-endian.
 */
#ifndef STREAM_PACK_INDEX_H
#define STREAM_PACK_INDEX_H

#include "base/arena.h"
#include "stream/pack.h"

#define PACK_INDEX_MAGIC 0x184d2a57u
#define PACK_TABLE_MAGIC 0x184d2a5eu
#define PACK_FOOTER_MAGIC 0x8f92eab1u
#define PACK_ZSTD_MAGIC 0xfd2fb528u

enum {
	PACK_INDEX_VERSION = 1,
	PACK_SKIPPABLE_HEAD = 8,	/* magic and size */
	PACK_INDEX_FIXED = 32,	/* before the hashes of the frames */
	PACK_FOOTER = 9,
};

/* A zstd frame, as the seek table has it. */
struct pack_frame {
	uint32_t packed;	/* bytes in the file */
	uint32_t size;	/* bytes of the stream */
};

/* What is in both frames, as it lies there: lists to be written, or views of what was read. */
struct pack_index {
	uint32_t n_frames;
	uint64_t n_records;
	uint64_t stream_size;
	const uint64_t *hashes;	/* [n_frames] */
	const struct pack_frame *frames;	/* [n_frames] */
	const struct pack_entry *entries;	/* [n_records] */
	struct pack_mark *marks;	/* of every PACK_MARK_STEP-th frame, and of the end; when read */
};

enum { PACK_MARK_STEP = 8 };

/* Where a zstd frame begins: in the file, and in the stream. */
struct pack_mark {
	uint64_t place, start;
};

/* Both frames, one after the other, in arena memory. Error: too large for the format (4 GiB each). */
int pack_index_encode(uint8_t **bytes, size_t *size, const struct pack_index *x, struct arena *a) MUST_CHECK;

/* Bytes of the whole seek table of that many frames, the index not counted. */
uint64_t pack_table_size(uint64_t n_frames);

/*
 * index and table are whole skippable frames, both 8-byte aligned, and must outlive x. Error: the hash does not
 * match, sizes do not agree, an entry lies outside its frame.
 */
int pack_index_decode(struct pack_index *x, const uint8_t *index, size_t index_size, const uint8_t *table,
		      size_t table_size, struct arena *a) MUST_CHECK;

/* Where zstd frame f begins, f <= n_frames (n_frames: where the index begins). O(1). */
struct pack_mark pack_index_mark(const struct pack_index *x, uint32_t f);

/* Bring what is known about zstd frame f near. */
void pack_index_expect(const struct pack_index *x, uint32_t f);

/* At least `want` bytes on the heap at *data, which has *room; what was there stays. Error: memory. */
int pack_reserve(uint8_t **data, size_t *room, size_t want) MUST_CHECK;

#endif
