/*
 * packer: the writing side of packs: parts of a stream go in, zstd frames, index and seek
 * table come out on a descriptor.
 *
 * A record of PACKER_SHARE bytes or more has a zstd frame of its own, so that it is read without its neighbours;
 * shorter ones share a frame until it would be longer than that. The header and the trailer each stand alone. The
 * bytes depend on the parts only.
 */
#ifndef STREAM_PACKER_H
#define STREAM_PACKER_H

#include "base/arena.h"
#include "base/error.h"
#include "stream/frame.h"

#include <stddef.h>
#include <stdint.h>

enum { PACKER_SHARE = 4 << 10 };

struct packer;

/* A record as a zstd frame of its own. */
struct packer_frame {
	const uint8_t *bytes;	/* NULL: it is to share one */
	size_t size;
	uint64_t hash;
};

/* name: the caller's, for messages; outlives the packer. NULL with a message when memory is short. */
struct packer *packer_new(int fd, const char *name) MUST_CHECK;

/* Compress a record that has a frame of its own, into arena memory. Many threads may do so at once. */
int packer_prepare(struct packer *p, struct packer_frame *ready, const uint8_t frame[FRAME_SIZE], const void *body,
		   size_t size, struct arena *a) MUST_CHECK;

/*
 * Append a frame and its body. role: WIRE_FRAME_...; objects matter for records only; ready: NULL, or from
 * packer_prepare().
 */
int packer_put(struct packer *p, int role, const uint8_t frame[FRAME_SIZE], const void *body, size_t size,
	       int64_t objects, const struct packer_frame *ready) MUST_CHECK;

/* Write what is left, the index and the seek table. */
int packer_end(struct packer *p) MUST_CHECK;

/* NULL is fine. */
void packer_free(struct packer *p);

#endif
