/*
 * packer: the writing side of packs: parts of a stream go in, zstd frames, index and seek
 * table come out on a descriptor.
 *
 * Small records share a zstd frame of up to PACKER_FRAME bytes, a longer one has its own; the header and
 * the trailer each stand alone. The bytes depend on the parts only.
 */
#ifndef STREAM_PACKER_H
#define STREAM_PACKER_H

#include "base/error.h"
#include "stream/frame.h"

#include <stddef.h>
#include <stdint.h>

enum { PACKER_FRAME = 256 << 10 };

struct packer;

/* name: the caller's, for messages; outlives the packer. NULL with a message when memory is short. */
struct packer *packer_new(int fd, const char *name) MUST_CHECK;

/* Append a frame and its body. role: WIRE_FRAME_...; objects matter for records only. */
int packer_put(struct packer *p, int role, const uint8_t frame[FRAME_SIZE], const void *body, size_t size,
	       int64_t objects) MUST_CHECK;

/* Write what is left, the index and the seek table. */
int packer_end(struct packer *p) MUST_CHECK;

/* NULL is fine. */
void packer_free(struct packer *p);

#endif
