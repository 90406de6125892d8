/* Files of --class-map. What was accepted is written in quotes and must be read the same. */
#include "fuzz.h"

#include "coco/class_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_name(FILE *file, const char *name)
{
	fputc('"', file);
	for (; *name != '\0'; name++)
		fprintf(file, *name == '"' || *name == '\\' ? "\\%c" : "%c", *name);
	fputc('"', file);
}

static void compare(const struct class_map *m, struct arena *a)
{
	char *text;
	size_t size;
	struct class_map again;
	FILE *file = open_memstream(&text, &size);
	for (int i = 0; i < m->n; i++) {
		put_name(file, m->lines[i].from);
		fputc('=', file);
		if (m->lines[i].to != NULL)
			put_name(file, m->lines[i].to);
		fputc('\n', file);
	}
	fclose(file);
	if (class_map_parse(&again, "again", text, size, a) != 0 || again.n != m->n)
		abort();
	for (int i = 0; i < m->n; i++) {
		const struct class_map_line *x = class_map_find(m, m->lines[i].from), *y = class_map_find(&again, m->lines[i].from);
		if (x == NULL || y == NULL || (x->to == NULL) != (y->to == NULL) || (x->to != NULL && strcmp(x->to, y->to) != 0))
			abort();
	}
	class_map_release(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct class_map m;
	arena_init(&arena, 1 << 12);
	/* As a file is read: with a NUL behind it. */
	char *text = arena_strndup(&arena, (const char *)data, size);
	if (text == NULL)
		abort();
	int status = class_map_parse(&m, "map", text, size, &arena);
	if (status != 0 && err_get()[0] == '\0')
		abort();
	if (status == 0)
		compare(&m, &arena);
	class_map_release(&m);
	arena_release(&arena);
	return 0;
}
