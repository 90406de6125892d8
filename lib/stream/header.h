/*
 * header: the bodies of the first and the last frame of a stream, to bytes and back.
 * All pointers of decoded structs live in the arena.
 */
#ifndef STREAM_HEADER_H
#define STREAM_HEADER_H

#include "base/arena.h"
#include "stream/emit.h"
#include "stream/stream.h"

/* Error: memory. */
int header_encode(struct emitter *e, const struct stream_header *h, struct arena *a) MUST_CHECK;

/* Body checked by wire_check(). Error: another format or version; a key is missing or of a wrong type. */
int header_decode(struct stream_header *h, const void *body, size_t size, struct arena *a) MUST_CHECK;

/* A copy whose pointers all live in the arena. */
int header_copy(struct stream_header *to, const struct stream_header *from, struct arena *a) MUST_CHECK;

/* frames_hash: XXH3-64 over the frames (18 bytes each) of the header and the records, in order. */
int trailer_encode(struct emitter *e, const struct stream_trailer *t, uint64_t frames_hash, struct arena *a)
	MUST_CHECK;
int trailer_decode(struct stream_trailer *t, uint64_t *frames_hash, const void *body, size_t size, struct arena *a)
	MUST_CHECK;

#endif
