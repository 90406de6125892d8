#include "base/arena.h"

#include "base/large_pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	char *data;
};

void arena_init(struct arena *a, size_t block_size)
{
	*a = (struct arena){ .block_size = block_size };
}

static struct arena_block *block_new(struct arena *a, size_t size)
{
	if (size < a->block_size)
		size = a->block_size;
	if (size < a->total / 4)
		size = a->total / 4;
	if (size > SIZE_MAX - 2 * ARENA_ALIGN)
		return err_null("arena: %zu bytes are more than memory can hold", size);
	size_t head = (sizeof(struct arena_block) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	size_t whole = (head + size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	struct arena_block *block = whole < LARGE_PAGES_FROM ? aligned_alloc(ARENA_ALIGN, whole) : large_pages_malloc(whole);
	if (block == NULL)
		return err_null("arena: out of memory (%zu bytes wanted)", size);
	a->mallocs++;
	a->total += whole;
	*block = (struct arena_block){ .size = whole - head, .data = (char *)block + head };
	return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
	if (size > SIZE_MAX - ARENA_ALIGN)
		return err_null("arena: %zu bytes are more than memory can hold", size);
	size_t need = size == 0 ? ARENA_ALIGN : (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	struct arena_block *last = NULL;
	struct arena_block *block = a->current != NULL ? a->current : a->first;
	for (; block != NULL; last = block, block = block->next)
		if (block->size - block->used >= need)
			break;
	if (block == NULL) {
		block = block_new(a, need);
		if (block == NULL)
			return NULL;
		if (last != NULL)
			last->next = block;
		else
			a->first = block;
	}
	a->current = block;
	void *piece = block->data + block->used;
	block->used += need;
	return piece;
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		return err_null("arena: %zu x %zu bytes are more than memory can hold", count, size);
	void *piece = arena_alloc(a, bytes);
	if (piece != NULL)
		memset(piece, 0, bytes);
	return piece;
}

char *arena_strndup(struct arena *a, const char *text, size_t length)
{
	char *copy = arena_alloc(a, length + 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

int arena_grow(void *array, int64_t n, int64_t *room, size_t size, struct arena *a)
{
	if (n < *room)
		return 0;
	int64_t more = *room == 0 ? 8 : 2 * *room;
	void *old, *grown = arena_calloc(a, (size_t)more, size);
	if (grown == NULL)
		return -1;
	memcpy(&old, array, sizeof old);
	if (n > 0)
		memcpy(grown, old, (size_t)n * size);
	memcpy(array, &grown, sizeof grown);
	*room = more;
	return 0;
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

char *arena_format(struct arena *a, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int size = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = size >= 0 ? arena_alloc(a, (size_t)size + 1) : err_null("arena: a text that cannot be formatted");
	if (text == NULL)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)size + 1, format, args);
	va_end(args);
	return text;
}

static void free_blocks(struct arena_block *b)
{
	for (struct arena_block *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
}

/* Blocks that were too small for each other's pieces would add up. */
static void join_blocks(struct arena *a)
{
	size_t used = 0;
	for (struct arena_block *b = a->first; b != NULL; b = b->next)
		used += b->used;
	free_blocks(a->first);
	a->total = 0;
	a->first = block_new(a, used);
}

void arena_reset(struct arena *a)
{
	if (a->first != NULL && a->first->next != NULL)
		join_blocks(a);
	if (a->first != NULL)
		a->first->used = 0;
	a->current = a->first;
}

void arena_release(struct arena *a)
{
	free_blocks(a->first);
	arena_init(a, a->block_size);
}
