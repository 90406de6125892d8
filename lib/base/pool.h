/*
 * pool: buffers that come and go within a step and are reused at once.
 *
 * Memory is taken from the system in large chunks and kept until release. A buffer is
 * the smallest free piece that fits; freed neighbours join. Once the chunks are there, the same
 * sequence of calls on an all-free pool gives the same places, so work that repeats asks the system for
 * nothing after its first rounds.
 *
 *     struct pool p;
 *     pool_init(&p, 64 << 20);
 *     void *x = pool_get(&p, bytes);
 *     pool_put(&p, x);
 *     pool_release(&p);
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct pool_piece;

struct pool {
	struct pool_piece *chunks;	/* every piece of every chunk, by chunk, in order of address */
	size_t chunk_size;
	size_t used, peak;	/* bytes handed out now, and at most */
	uint64_t mallocs;	/* how often the system was asked for memory */
};

/* Never fails; no memory is taken yet. chunk_size: what is asked of the system at a time, bytes. */
void pool_init(struct pool *p, size_t chunk_size);

/* A buffer aligned to 64 bytes, not cleared. NULL with a message when memory is short. */
void *pool_get(struct pool *p, size_t size) MUST_CHECK;

/* Give one back; NULL is ignored. */
void pool_put(struct pool *p, void *buffer);

/* All buffers are given back; the memory stays. */
void pool_reset(struct pool *p);

/* The memory goes back to the system. */
void pool_release(struct pool *p);

#endif
