#include "train/class_list.h"

#include "base/io.h"
#include "stream/safetensors.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int class_list_find(const struct class_list *c, const char *name)
{
	for (int i = 0; i < c->n; i++)
		if (strcmp(c->categories[i].name, name) == 0)
			return i;
	return -1;
}

static int add(struct class_list *c, int64_t id, const char *name, struct arena *a)
{
	TRY(arena_grow(&c->categories, c->n, &c->room, sizeof *c->categories, a));
	c->categories[c->n++] = (struct category){ .id = id, .name = name };
	return 0;
}

/* Add `size` characters as the next name, with the next id from 1. */
static int add_text(struct class_list *c, const char *text, size_t size, struct arena *a)
{
	const char *name = arena_strndup(a, text, size);
	if (name == NULL)
		return -1;
	if (size == 0)
		return err_set("an empty class name");
	if (class_list_find(c, name) >= 0)
		return err_set("the class '%s' comes twice", name);
	return add(c, c->n + 1, name, a);
}

int class_list_parse(struct class_list *c, const char *names, struct arena *a)
{
	*c = (struct class_list){ 0 };
	for (const char *at = names;; at++) {
		size_t size = strcspn(at, ",");
		TRY(add_text(c, at, size, a));
		at += size;
		if (*at == '\0')
			return 0;
	}
}

int class_list_number(struct class_list *c, int n, struct arena *a)
{
	char text[16];
	*c = (struct class_list){ 0 };
	for (int i = 0; i < n; i++) {
		snprintf(text, sizeof text, "%d", i);
		const char *name = arena_strdup(a, text);
		if (name == NULL || add(c, i, name, a) != 0)
			return -1;
	}
	return 0;
}

static int read_category(struct class_list *c, struct json_reader *j, struct arena *a)
{
	enum json_event e;
	const char *name = NULL;
	int64_t id = 0;
	bool has_id = false;
	while ((e = json_next(j)) == JSON_KEY) {
		if (json_is(j, "id")) {
			has_id = true;
			if (json_next(j) != JSON_NUMBER || !j->is_integer)
				return json_fail(j, "id must be a whole number");
			id = j->integer;
		} else if (json_is(j, "name")) {
			if (json_next(j) != JSON_STRING)
				return json_fail(j, "name must be text");
			name = arena_strndup(a, j->text, j->text_size);
			if (name == NULL)
				return -1;
		} else {
			TRY(json_skip(j));
		}
	}
	if (e != JSON_OBJECT_END || name == NULL || !has_id)
		return json_fail(j, "a class needs id and name");
	return add(c, id, name, a);
}

int class_list_json(struct class_list *c, struct json_reader *j, struct arena *a)
{
	*c = (struct class_list){ 0 };
	enum json_event e = json_next(j);
	if (e != JSON_ARRAY_BEGIN)
		return json_fail(j, "classes must be a list");
	while ((e = json_next(j)) == JSON_OBJECT_BEGIN)
		TRY(read_category(c, j, a));
	return e == JSON_ARRAY_END ? 0 : json_fail(j, "a class must be an object");
}

/* The categories of COCO JSON; the rest is skipped. */
static int read_coco(struct class_list *c, struct json_reader *j, struct arena *a)
{
	enum json_event e = json_next(j);
	if (e != JSON_OBJECT_BEGIN)
		return json_fail(j, "an object with categories is wanted");
	while ((e = json_next(j)) == JSON_KEY)
		TRY(json_is(j, "categories") ? class_list_json(c, j, a) : json_skip(j));
	return e == JSON_OBJECT_END ? 0 : -1;
}

static int read_json(struct class_list *c, const uint8_t *bytes, size_t size, const char *path, struct arena *a)
{
	struct json_reader j;
	TRY(json_open_memory(&j, bytes, size, path));
	int status = read_coco(c, &j, a);
	json_close(&j);
	return status;
}

static int read_weights(struct class_list *c, const char *path, struct arena *a)
{
	struct safetensors s;
	struct json_reader j;
	TRY(safetensors_open(&s, path));
	const char *text = safetensors_find_meta(&s, "classes");
	int status = text == NULL ? 0 : json_open_memory(&j, text, strlen(text), path);
	if (text != NULL && status == 0) {
		status = class_list_json(c, &j, a);
		json_close(&j);
	}
	safetensors_close(&s);
	return status;
}

static int read_stream(struct class_list *c, const char *path, struct arena *a)
{
	struct stream_reader r;
	TRY(stream_reader_open(&r, path, NULL));
	const struct stream_header *header = stream_reader_header(&r);
	int status = 0;
	for (int i = 0; i < header->n_categories && status == 0; i++) {
		const char *name = arena_strdup(a, header->categories[i].name);
		status = name == NULL ? -1 : add(c, header->categories[i].id, name, a);
	}
	stream_reader_close(&r);
	return status;
}

static int read_lines(struct class_list *c, const char *text, struct arena *a)
{
	while (*text != '\0') {
		size_t size = strcspn(text, "\r\n");
		TRY(add_text(c, text, size, a));
		text += size;
		text += *text == '\r';
		text += *text == '\n';
	}
	return 0;
}

/* The file's first bytes say what it is. */
static int read_any(struct class_list *c, const char *path, struct arena *a)
{
	uint8_t head[16] = { 0 }, *bytes;
	size_t size;
	struct stat st;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set("'%s' is no file", path);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return err_errno("cannot open '%s'", path);
	size_t got = fread(head, 1, sizeof head, f);
	fclose(f);
	/* A frame of a stream, or a zstd frame of a pack. */
	if (head[0] == 0xd8 || memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
		return read_stream(c, path, a);
	if (got > 8 && head[0] != '{' && head[8] == '{')
		return read_weights(c, path, a);
	TRY(io_read_file(path, &bytes, &size, a));
	return head[0] == '{' ? read_json(c, bytes, size, path, a) : read_lines(c, (const char *)bytes, a);
}

int class_list_read(struct class_list *c, const char *path, struct arena *a)
{
	*c = (struct class_list){ 0 };
	if (read_any(c, path, a) != 0)
		return err_context("classes of '%s'", path);
	if (c->n == 0)
		return err_set("'%s' names no classes", path);
	for (int i = 0; i < c->n; i++)
		if (class_list_find(c, c->categories[i].name) != i)
			return err_set("'%s' has two classes '%s'", path, c->categories[i].name);
	return 0;
}
