/*
 * unpack: a pack read from front to back, also through a pipe.
 *
 * Frames are unpacked as they come; each one's compressed bytes are hashed, and at the end the
 * hashes, the index and the seek table must agree. Packs written one after the other read as one.
 */
#ifndef STREAM_UNPACK_H
#define STREAM_UNPACK_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct unpack;

/* True when the first bytes of an input are those of a zstd frame. */
bool unpack_is(const uint8_t *head, size_t size);

/* head: bytes already read from fd. name: the caller's, for messages. NULL with a message when memory is short. */
struct unpack *unpack_new(int fd, const char *name, const uint8_t *head, size_t size) MUST_CHECK;

/* As source_read(). 0 at the end means that the index was there and agrees. */
ssize_t unpack_read(struct unpack *u, uint8_t *data, size_t least, size_t most) MUST_CHECK;

/* NULL is fine. */
void unpack_free(struct unpack *u);

#endif
