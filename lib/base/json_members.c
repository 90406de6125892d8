#include "base/json_members.h"

#include "base/json_state.h"
#include "base/json_value.h"

#include <stdlib.h>
#include <string.h>

static int append(struct json_members *m, const char *text, size_t size)
{
	/* What is beyond the limit is read to its end, but not kept. */
	if (m->limit > 0 && m->size + size > m->limit) {
		m->size = m->limit + 1;
		return 0;
	}
	if (m->room - m->size < size) {
		size_t room = 2 * (m->size + size) + 256;
		char *larger = realloc(m->text, room);
		if (larger == NULL)
			return err_set("out of memory for %zu bytes of JSON", room);
		m->text = larger;
		m->room = room;
	}
	memcpy(m->text + m->size, text, size);
	m->size += size;
	return 0;
}

/* The key or value that was read last, as it stands in the input; only the quote behind a string is a NUL by now. */
static int append_token(struct json_members *m, const struct json_reader *j, bool quoted)
{
	const struct json_reader_state *s = j->state;
	size_t size = (size_t)(s->p - s->token);
	TRY(append(m, s->token, quoted ? size - 1 : size));
	return quoted ? append(m, "\"", 1) : 0;
}

/* The value that comes next. */
static int copy_value(struct json_members *m, struct json_reader *j)
{
	int depth = j->depth;
	bool first = true;	/* nothing stands before the next value but a bracket or a colon */
	do {
		enum json_event e = json_next(j);
		if (e <= JSON_END)
			return -1;
		bool ends = e == JSON_OBJECT_END || e == JSON_ARRAY_END;
		if (!first && !ends)
			TRY(append(m, ",", 1));
		TRY(append_token(m, j, e == JSON_KEY || e == JSON_STRING));
		if (e == JSON_KEY)
			TRY(append(m, ":", 1));
		first = e == JSON_OBJECT_BEGIN || e == JSON_ARRAY_BEGIN || e == JSON_KEY;
	} while (j->depth > depth);
	return 0;
}

int json_members_take(struct json_members *m, struct json_reader *j)
{
	size_t size = m->size;
	if (size > 0)
		TRY(append(m, ",", 1));
	TRY(append_token(m, j, true));
	TRY(append(m, ":", 1));
	TRY(copy_value(m, j));
	if (m->limit > 0 && m->size > m->limit) {
		m->size = size;
		m->n_over++;
	}
	return 0;
}

int json_members_add(struct json_members *m, const char *key, const char *value, size_t size)
{
	TRY(append(m, m->size > 0 ? ",\"" : "\"", m->size > 0 ? 2 : 1));
	TRY(append(m, key, strlen(key)));
	TRY(append(m, "\":", 2));
	return append(m, value, size);
}

void json_members_cut(struct json_members *m, size_t size)
{
	m->size = size;
}

int json_members_text(const char **text, struct json_members *m, struct arena *a)
{
	*text = NULL;
	if (m->size == 0)
		return 0;
	char *object = arena_alloc(a, m->size + 3);
	if (object == NULL)
		return -1;
	object[0] = '{';
	memcpy(object + 1, m->text, m->size);
	memcpy(object + 1 + m->size, "}", 2);
	*text = object;
	m->size = 0;
	return 0;
}

void json_members_release(struct json_members *m)
{
	free(m->text);
	*m = (struct json_members){ 0 };
}

static bool is_one_of(const struct json_reader *j, const char *const *names)
{
	while (*names != NULL && !json_is(j, *names))
		names++;
	return *names != NULL;
}

static int put_members(struct json_writer *w, struct json_members *m, struct json_reader *j, const char *const *except)
{
	int more;
	TRY(json_enter_object(j, "it"));
	while ((more = json_next_key(j)) == 1) {
		if (is_one_of(j, except)) {
			TRY(json_skip(j));
			continue;
		}
		m->size = 0;
		TRY(append_token(m, j, true));
		TRY(append(m, ":", 1));
		TRY(copy_value(m, j));
		json_put_raw(w, m->text, m->size);
	}
	return more < 0 || json_next(j) != JSON_END ? -1 : 0;
}

int json_members_put(struct json_writer *w, const char *text, const char *const *except, const char *what)
{
	struct json_members m = { 0 };
	struct json_reader j;
	if (text == NULL || *text == '\0')
		return 0;
	TRY(json_open_memory(&j, text, strlen(text), what));
	int status = put_members(w, &m, &j, except);
	json_close(&j);
	json_members_release(&m);
	return status;
}
