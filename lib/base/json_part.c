#include "base/json_part.h"

#include "base/json_state.h"

#include <stdlib.h>
#include <string.h>

static int make_room(struct json_part *part, size_t room)
{
	if (room <= part->room)
		return 0;
	char *larger = realloc(part->data, room);
	if (larger == NULL)
		return err_set("out of memory for %zu bytes of JSON", room);
	part->data = larger;
	part->room = room;
	return 0;
}

int json_part_join(struct json_part *part, const struct json_part *next)
{
	size_t size = part->size + next->size;
	if (size > part->room)
		TRY(make_room(part, size + size / 2));
	if (next->size > 0)
		memcpy(part->data + part->size, next->data, next->size);
	part->size = size;
	part->last = next->last;
	return 0;
}

void json_part_release(struct json_part *part)
{
	free(part->data);
	*part = (struct json_part){ 0 };
}

int json_parts_open(struct json_parts *parts, const char *path, size_t wanted)
{
	*parts = (struct json_parts){ .name = text_input_name(path), .wanted = wanted };
	return text_input_open(&parts->input, path);
}

void json_parts_close(struct json_parts *parts)
{
	text_input_close(&parts->input);
	json_part_release(&parts->rest);
}

static size_t skip_space(const char *data, size_t i, size_t size)
{
	while (i < size && json_is_space(data[i]))
		i++;
	return i;
}

/* The first key of an array's first object, so that later ones can be told from objects inside of them. */
static void learn_key(struct json_parts *parts, const struct json_part *part)
{
	const char *data = part->data;
	size_t i = skip_space(data, 0, part->size);
	if (i == part->size || data[i] != '[')
		return;
	i = skip_space(data, i + 1, part->size);
	if (i == part->size || data[i] != '{')
		return;
	i = skip_space(data, i + 1, part->size);
	if (i == part->size || data[i] != '"')
		return;
	const char *end = memchr(data + i + 1, '"', part->size - i - 1);
	size_t size = end == NULL ? 0 : (size_t)(end + 1 - (data + i));
	if (size == 0 || size > sizeof parts->key)
		return;
	memcpy(parts->key, data + i, size);
	parts->key_size = size;
}

/* Whether an object that begins as the first one does may begin at data[at], which is a brace. */
static bool begins_alike(const struct json_parts *parts, const char *data, size_t at, size_t size)
{
	size_t i = skip_space(data, at + 1, size);
	return size - i >= parts->key_size && memcmp(data + i, parts->key, parts->key_size) == 0;
}

/* The last comma behind `from` that seems to stand between two objects of the array; 0: none does. */
static size_t find_cut(const struct json_parts *parts, const struct json_part *part, size_t from)
{
	const char *data = part->data;
	for (size_t end = part->size; end > from;) {
		const char *brace = memrchr(data + from, '{', end - from);
		if (brace == NULL)
			return 0;
		end = (size_t)(brace - data);
		size_t i = end, comma;
		while (i > 0 && json_is_space(data[i - 1]))
			i--;
		if (i == 0 || data[i - 1] != ',')
			continue;
		comma = --i;
		while (i > 0 && json_is_space(data[i - 1]))
			i--;
		if (i > 0 && data[i - 1] == '}' && begins_alike(parts, data, end, part->size))
			return comma;
	}
	return 0;
}

/* More of the input behind what the part holds. */
static int read_more(struct json_parts *parts, struct json_part *part, size_t more)
{
	TRY(make_room(part, part->size + more));
	ssize_t got = text_input_read(&parts->input, parts->name, part->data + part->size, more);
	if (got < 0)
		return -1;
	part->size += (size_t)got;
	parts->ended = (size_t)got < more;
	return 0;
}

int json_parts_next(struct json_parts *parts, struct json_part *part)
{
	size_t cut = 0, searched = 0;
	if (parts->begun && parts->ended && parts->rest.size == 0)
		return 0;
	part->first = !parts->begun;
	part->size = 0;
	TRY(json_part_join(part, &parts->rest));
	parts->rest.size = 0;
	/* Where no end shows the part doubles. */
	while (!parts->ended && cut == 0) {
		TRY(read_more(parts, part, part->size < parts->wanted ? parts->wanted - part->size : part->size));
		if (!parts->begun)
			learn_key(parts, part);
		parts->begun = true;
		/* A cut may lie a little before what is new. */
		cut = parts->ended ? 0 : find_cut(parts, part, searched);
		searched = part->size > sizeof parts->key + 16 ? part->size - sizeof parts->key - 16 : 0;
	}
	parts->begun = true;
	part->last = cut == 0;
	if (cut == 0)
		return 1;
	const struct json_part rest = { .data = part->data + cut, .size = part->size - cut };
	part->size = cut;
	return json_part_join(&parts->rest, &rest) == 0 ? 1 : -1;
}
