/*
 * arena: memory that is given out piece by piece and taken back all at once.
 *
 * Memory belongs to an arena; an arena belongs to whoever initialised it;
 * nothing inside is freed alone. After arena_reset() the blocks are kept, so
 * work that repeats (a record, a step) allocates nothing after its first round.
 *
 *     struct arena a;
 *     arena_init(&a, 1 << 20);
 *     float *x = arena_alloc(&a, n * sizeof *x);
 *     if (x == NULL)
 *             return -1;
 *     arena_reset(&a);      // x is gone, its memory is reused
 *     arena_release(&a);
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { ARENA_ALIGN = 64 };

struct arena_block;

struct arena {
	struct arena_block *first;
	struct arena_block *current;
	size_t block_size;
	size_t total;	/* bytes of all blocks; a new one has at least a quarter of it */
	uint64_t mallocs;	/* how often the system was asked for memory */
};

/* Never fails; no memory is taken before the first arena_alloc(). block_size in bytes. */
void arena_init(struct arena *a, size_t block_size);

/* Bytes aligned to ARENA_ALIGN, not cleared. NULL with a message when memory is short. */
void *arena_alloc(struct arena *a, size_t size) MUST_CHECK;

/* The same for count elements, cleared, with the product checked. */
void *arena_calloc(struct arena *a, size_t count, size_t size) MUST_CHECK;

/* A copy of text (of its first length bytes) with a closing NUL. */
char *arena_strdup(struct arena *a, const char *text) MUST_CHECK;
char *arena_strndup(struct arena *a, const char *text, size_t length) MUST_CHECK;

/* As sprintf() into memory of the right size. */
char *arena_format(struct arena *a, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

/* Make room for one more than n elements of an array (its address) in arena memory: twice as much when full, cleared. */
int arena_grow(void *array, int64_t n, int64_t *room, size_t size, struct arena *a) MUST_CHECK;

/* All pieces are given back; the blocks stay, several as one of the size that was in use. */
void arena_reset(struct arena *a);

/* The blocks go back to the system. The arena may be used again. */
void arena_release(struct arena *a);

#endif
