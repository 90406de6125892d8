#include "base/pool.h"

#include <stdbool.h>
#include <stdlib.h>

enum { ALIGN = 64 };

/* The head of a piece sits right before its buffer. */
struct pool_piece {
	struct pool_piece *next, *previous;
	size_t size;	/* of the buffer */
	bool used;
	bool starts_chunk;	/* never joined to the piece before */
};

static const size_t head_size = (sizeof(struct pool_piece) + ALIGN - 1) / ALIGN * ALIGN;

static void *buffer_of(struct pool_piece *piece)
{
	return (char *)piece + head_size;
}

void pool_init(struct pool *p, size_t chunk_size)
{
	*p = (struct pool){ .chunk_size = chunk_size };
}

static struct pool_piece *chunk_new(struct pool *p, size_t size)
{
	if (size < p->chunk_size)
		size = p->chunk_size;
	struct pool_piece *piece = aligned_alloc(ALIGN, head_size + size);
	if (piece == NULL)
		return err_null("out of memory (%zu bytes wanted, %zu in use)", size, p->used);
	p->mallocs++;
	*piece = (struct pool_piece){ .next = p->chunks, .size = size, .starts_chunk = true };
	if (p->chunks != NULL)
		p->chunks->previous = piece;
	p->chunks = piece;
	return piece;
}

static struct pool_piece *best_fit(struct pool *p, size_t size)
{
	struct pool_piece *best = NULL;
	for (struct pool_piece *piece = p->chunks; piece != NULL; piece = piece->next)
		if (!piece->used && piece->size >= size && (best == NULL || piece->size < best->size))
			best = piece;
	return best;
}

/* Cut what is not needed off the piece's end. */
static void split(struct pool_piece *piece, size_t size)
{
	if (piece->size - size < head_size + ALIGN)
		return;
	struct pool_piece *rest = (struct pool_piece *)((char *)buffer_of(piece) + size);
	*rest = (struct pool_piece){
		.next = piece->next, .previous = piece, .size = piece->size - size - head_size,
	};
	if (rest->next != NULL)
		rest->next->previous = rest;
	piece->next = rest;
	piece->size = size;
}

void *pool_get(struct pool *p, size_t size)
{
	if (size > SIZE_MAX / 2)
		return err_null("a buffer of %zu bytes is more than memory can hold", size);
	size = size == 0 ? ALIGN : (size + ALIGN - 1) / ALIGN * ALIGN;
	struct pool_piece *piece = best_fit(p, size);
	if (piece == NULL)
		piece = chunk_new(p, size);
	if (piece == NULL)
		return NULL;
	split(piece, size);
	piece->used = true;
	p->used += piece->size;
	if (p->used > p->peak)
		p->peak = p->used;
	return buffer_of(piece);
}

/* Join a free piece with a free one right behind it in the same chunk. */
static void join_next(struct pool_piece *piece)
{
	struct pool_piece *next = piece->next;
	if (piece->used || next == NULL || next->used || next->starts_chunk)
		return;
	piece->size += head_size + next->size;
	piece->next = next->next;
	if (piece->next != NULL)
		piece->next->previous = piece;
}

void pool_put(struct pool *p, void *buffer)
{
	if (buffer == NULL)
		return;
	struct pool_piece *piece = (struct pool_piece *)((char *)buffer - head_size);
	piece->used = false;
	p->used -= piece->size;
	join_next(piece);
	if (!piece->starts_chunk)
		join_next(piece->previous);
}

void pool_reset(struct pool *p)
{
	for (struct pool_piece *piece = p->chunks; piece != NULL; piece = piece->next)
		piece->used = false;
	for (struct pool_piece *piece = p->chunks; piece != NULL; piece = piece->next)
		while (piece->next != NULL && !piece->next->starts_chunk)
			join_next(piece);
	p->used = 0;
}

void pool_release(struct pool *p)
{
	struct pool_piece *chunk = NULL;
	for (struct pool_piece *piece = p->chunks, *next; piece != NULL; piece = next) {
		next = piece->next;
		/* The heads inside a chunk go with it, so it is freed once the next one starts. */
		if (piece->starts_chunk) {
			free(chunk);
			chunk = piece;
		}
	}
	free(chunk);
	pool_init(p, p->chunk_size);
}
