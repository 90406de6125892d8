/*
 * pack: random access to the records of a pack file; see cocopipe-stream(5).
 *
 * A pack is a stream in zstd frames, then an index of its records and a seek table,
 * both in skippable frames. stream_reader_open() reads a pack in order; this is for reading
 * record i without its neighbours, and for choosing records by id and object count
 * without reading any. Packs are written by stream_writer_open("x.pack").
 *
 *     struct pack p;
 *     struct stream_body body;
 *     TRY(pack_open(&p, "train.pack", NULL));
 *     for (int64_t i = 0; i < pack_count(&p); i++)
 *             if (pack_entry(&p, i)->objects > 0)
 *                     TRY(pack_read(&p, i, &body));     // body lives until the next call
 *     pack_close(&p);
 *
 * pack_read() belongs to one thread; others read the same pack by a cursor each.
 */
#ifndef STREAM_PACK_H
#define STREAM_PACK_H

#include "stream/stream.h"

/* What the index says about one record; all of it fixed once the pack is open. */
struct pack_entry {
	uint64_t offset;	/* of the record's frame in the stream, bytes */
	uint64_t size;	/* of its body, bytes */
	uint32_t zstd_frame;	/* 0-based number of the zstd frame that holds it */
	uint32_t objects;	/* as given to stream_writer_put() */
	uint64_t id_hash;	/* pack_id_hash() of the record's "id"; 0 when it has none */
};

struct pack {
	struct pack_state *state;	/* NULL before open and after close */
};

/* True when the file starts as a pack does (pipes are never packs to this). Never fails: false when unreadable. */
bool pack_is(const char *path);

/*
 * Read the index and the header; no record is touched. O(size of the index).
 * Error: cannot open; not a pack; not a file one can seek in; index, seek table or header damaged.
 */
int pack_open(struct pack *p, const char *path, const struct stream_limits *limits) MUST_CHECK;

/* Number of records. */
int64_t pack_count(const struct pack *p);

/* The stream's header and name in messages; live until close. */
const struct stream_header *pack_header(const struct pack *p);
const char *pack_name(const struct pack *p);

/* Index entry i, 0 <= i < pack_count(). */
const struct pack_entry *pack_entry(const struct pack *p, int64_t i);

/*
 * Record i will be read in a while: bring what the index has about it near, first far ahead, then soon. Records in
 * another order than the file's wait for memory at each step otherwise. Any thread; it changes nothing.
 */
void pack_expect(const struct pack *p, int64_t i, bool soon);

/*
 * Record i, checked as a reader checks it. O(1): one zstd frame is read (none when the last call read the same).
 * Error: damaged; names the pack and the record. Not sticky: other records may still be read.
 */
int pack_read(struct pack *p, int64_t i, struct stream_body *body) MUST_CHECK;

/*
 * A place to read from: of one thread at a time; any number may use an open pack at once.
 * What it keeps is the last zstd frame that held several records.
 */
struct pack_cursor {
	const struct pack_state *pack;
	struct ZSTD_DCtx_s *zstd;
	uint8_t *packed, *frame;	/* one zstd frame, the same unpacked */
	size_t packed_room, frame_room;
	int64_t loaded;	/* the zstd frame in `frame`; -1: none */
};

/* Error: memory. Close it also then. */
int pack_cursor_open(struct pack_cursor *c, const struct pack *p) MUST_CHECK;

/* As pack_read(), but the body is in arena memory. */
int pack_cursor_read(struct pack_cursor *c, int64_t i, struct stream_body *body, struct arena *a) MUST_CHECK;

void pack_cursor_close(struct pack_cursor *c);

/* The stream's trailer, read from the last zstd frame; lives until close. NULL with a message when damaged. */
const struct stream_trailer *pack_trailer(struct pack *p) MUST_CHECK;

void pack_close(struct pack *p);

/*
 * The hash that stands for an id: XXH3-64 of the text (its first length bytes), or of the number as 8 bytes,
 * little-endian, with seed 1. Subsets chosen by a hash of the id use it, so JSON and packs choose alike.
 */
uint64_t pack_id_hash_text(const char *text, size_t length);
uint64_t pack_id_hash_number(int64_t number);

/* The hash of the id in a record's body; 0 when it has none. Error: it is no map. */
int pack_id_hash_body(uint64_t *hash, const void *body, size_t size) MUST_CHECK;

#endif
