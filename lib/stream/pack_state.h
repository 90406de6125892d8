/*
 * pack_state: what an open pack is made of, for pack.c (the index) and pack_cursor.c (the records).
 */
#ifndef STREAM_PACK_STATE_H
#define STREAM_PACK_STATE_H

#include "stream/frame.h"
#include "stream/pack.h"
#include "stream/pack_index.h"

struct pack_state {
	int fd;
	char *name;
	uint64_t cap;	/* longest body accepted */
	uint64_t file_size;
	struct arena arena;	/* index, header, trailer */
	struct pack_index index;
	struct pack_cursor own;	/* of pack_read(), header and trailer */
	struct arena record;	/* the body that pack_read() gave out */
	struct stream_header header;
	struct stream_trailer trailer;
	bool has_trailer;
};

/* As pack_open(), but the header is not looked at: it may be what is damaged. */
int pack_open_index(struct pack *p, const char *path, const struct stream_limits *limits) MUST_CHECK;

/* Bytes of the file. Error: they are not all there. */
int pack_read_at(const struct pack_state *s, void *data, size_t size, uint64_t at) MUST_CHECK;

/*
 * The part of the stream that begins `at` bytes into zstd frame f and must have that role: its frame, and its body in
 * arena memory, aligned. alone: nothing else is in that zstd frame (at is 0). Error: damaged.
 */
int pack_cursor_part(struct pack_cursor *c, uint32_t f, uint64_t at, bool alone, int role, const uint8_t **body,
		     struct frame *frame, struct arena *a) MUST_CHECK;

#endif
