/*
 * frame: what stands before every body: a msgpack fixext 16 of length and hash.
 *
 *     byte 0      0xd8 (fixext 16)
 *     byte 1      WIRE_FRAME_HEADER, _RECORD or _TRAILER
 *     bytes 2-9   length of the body, u64 little-endian
 *     bytes 10-17 XXH3-64 of the body, u64 little-endian
 */
#ifndef STREAM_FRAME_H
#define STREAM_FRAME_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { FRAME_SIZE = 18 };

struct frame {
	int role;	/* WIRE_FRAME_... */
	uint64_t size;	/* of the body */
	uint64_t hash;
};

/* XXH3-64. */
uint64_t frame_hash(const void *bytes, size_t size);

/* The frame of a body. */
void frame_make(uint8_t bytes[FRAME_SIZE], int role, const void *body, size_t size);

/* Error: not a frame; longer than cap. */
int frame_parse(struct frame *f, const uint8_t bytes[FRAME_SIZE], uint64_t cap) MUST_CHECK;

/* Hash, then structure. Error: the body is not the one the frame was made of, or not a map. */
int frame_check(const struct frame *f, const void *body) MUST_CHECK;

#endif
