#include "coco/class_map.h"

#include "base/io.h"
#include "base/utf8.h"

#include <string.h>

/* One line on its way: what is left of it. */
struct line {
	struct class_map *map;
	const char *at, *end;
	int number;
	struct arena *arena;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct line *l)
{
	while (l->at < l->end && is_blank(*l->at))
		l->at++;
}

/* Behind the first quote. */
static int take_quoted(struct line *l, const char **name)
{
	char *to = arena_alloc(l->arena, (size_t)(l->end - l->at) + 1);
	if (to == NULL)
		return -1;
	*name = to;
	while (l->at < l->end && *l->at != '"') {
		if (*l->at == '\\' && (l->at + 1 == l->end || (l->at[1] != '"' && l->at[1] != '\\')))
			return err_set("%s:%d: in quotes \\ stands before \" or another \\ only", l->map->path, l->number);
		l->at += *l->at == '\\';
		*to++ = *l->at++;
	}
	if (l->at == l->end)
		return err_set("%s:%d: the quote \" is not closed", l->map->path, l->number);
	l->at++;
	*to = '\0';
	return 0;
}

/* Up to '=' or the end; *name is NULL when there is nothing. */
static int take_name(struct line *l, const char **name)
{
	*name = NULL;
	skip_blanks(l);
	if (l->at < l->end && *l->at == '"') {
		l->at++;
		TRY(take_quoted(l, name));
		skip_blanks(l);
		return l->at == l->end || *l->at == '=' ? 0 :
			err_set("%s:%d: there is something behind the closing quote", l->map->path, l->number);
	}
	const char *start = l->at, *stop = memchr(start, '=', (size_t)(l->end - start));
	l->at = stop = stop != NULL ? stop : l->end;
	while (stop > start && is_blank(stop[-1]))
		stop--;
	if (stop == start)
		return 0;
	*name = arena_strndup(l->arena, start, (size_t)(stop - start));
	return *name != NULL ? 0 : -1;
}

static int add_line(struct class_map *m, const struct class_map_line *line, struct arena *a)
{
	if ((m->n & (m->n - 1)) == 0) {
		struct class_map_line *larger = arena_calloc(a, m->n > 0 ? 2 * (size_t)m->n : 1, sizeof *larger);
		if (larger == NULL)
			return -1;
		if (m->n > 0)
			memcpy(larger, m->lines, (size_t)m->n * sizeof *larger);
		m->lines = larger;
	}
	int added = id_map_add(&m->by_name, (struct sample_id){ .text = line->from }, m->n);
	if (added == 0)
		return err_set("%s:%d: class '%s' is there twice, the first time in line %d", m->path, line->line, line->from,
			       class_map_find(m, line->from)->line);
	m->lines[m->n++] = *line;
	return added < 0 ? -1 : 0;
}

static int check_text(const struct line *l)
{
	for (const char *at = l->at; at < l->end;) {
		/* What is looked at may lie behind the line, but never behind the NUL at the text's end. */
		int n = *at == '\0' ? 0 : utf8_length(at);
		if (n == 0)
			return err_set("%s:%d: byte %d of the line is not UTF-8", l->map->path, l->number, (int)(at - l->at) + 1);
		at += n;
	}
	return 0;
}

static int parse_line(struct line *l)
{
	struct class_map_line parsed = { .line = l->number };
	TRY(check_text(l));
	skip_blanks(l);
	if (l->at == l->end || *l->at == '#')
		return 0;
	TRY(take_name(l, &parsed.from));
	if (l->at == l->end)
		return err_set("%s:%d: no '=' in this line; 'old = new' renames a class, 'old =' drops it", l->map->path, l->number);
	if (parsed.from == NULL || parsed.from[0] == '\0')
		return err_set("%s:%d: no class before '='", l->map->path, l->number);
	l->at++;
	TRY(take_name(l, &parsed.to));
	if (l->at < l->end)
		return err_set("%s:%d: '=' is there twice; put a name that has one in double quotes", l->map->path, l->number);
	if (parsed.to != NULL && parsed.to[0] == '\0')
		return err_set("%s:%d: the new name is empty; to drop a class, write nothing behind '='", l->map->path, l->number);
	return add_line(l->map, &parsed, l->arena);
}

int class_map_parse(struct class_map *m, const char *path, const char *text, size_t size, struct arena *a)
{
	*m = (struct class_map){ .path = path };
	id_map_init(&m->by_name);
	const char *end = text + size;
	for (int number = 1; text < end; number++) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		if (stop == NULL)
			stop = end;
		TRY(parse_line(&(struct line){ m, text, stop, number, a }));
		text = stop + 1;
	}
	return m->n > 0 ? 0 : err_set("'%s' maps no class", path);
}

int class_map_read(struct class_map *m, const char *path, struct arena *a)
{
	uint8_t *data;
	size_t size;
	*m = (struct class_map){ .path = path };
	TRY(io_read_file(path, &data, &size, a));
	return class_map_parse(m, path, (const char *)data, size, a);
}

void class_map_release(struct class_map *m)
{
	id_map_release(&m->by_name);
}

const struct class_map_line *class_map_find(const struct class_map *m, const char *name)
{
	int64_t i = m != NULL ? id_map_find(&m->by_name, (struct sample_id){ .text = name }) : -1;
	return i >= 0 ? &m->lines[i] : NULL;
}
