#include "base/json_value.h"

#include <string.h>

static int take(struct json_reader *j, const char *what, enum json_event want, const char *type)
{
	enum json_event e = json_next(j);
	if (e == JSON_ERROR)
		return -1;
	return e == want ? 0 : json_fail(j, "%s must be %s", what, type);
}

int json_enter_object(struct json_reader *j, const char *what)
{
	return take(j, what, JSON_OBJECT_BEGIN, "an object");
}

int json_enter_array(struct json_reader *j, const char *what)
{
	return take(j, what, JSON_ARRAY_BEGIN, "an array");
}

int json_next_key(struct json_reader *j)
{
	enum json_event e = json_next(j);
	return e == JSON_KEY ? 1 : e == JSON_OBJECT_END ? 0 : -1;
}

enum json_event json_next_element(struct json_reader *j)
{
	return json_next(j);
}

int json_take_number(struct json_reader *j, const char *what, double *value)
{
	TRY(take(j, what, JSON_NUMBER, "a number"));
	*value = j->number;
	return 0;
}

int json_take_integer(struct json_reader *j, const char *what, int64_t *value)
{
	TRY(take(j, what, JSON_NUMBER, "a whole number"));
	if (j->is_integer) {
		*value = j->integer;
		return 0;
	}
	/* 3.0 is what some writers make of 3; beyond 2^53 a double no longer says which integer was meant. */
	if (!(j->number >= -9007199254740992.0 && j->number <= 9007199254740992.0) ||
	    j->number != (double)(int64_t)j->number)
		return json_fail(j, "%s must be a whole number", what);
	*value = (int64_t)j->number;
	return 0;
}

int json_take_bool(struct json_reader *j, const char *what, bool *value)
{
	enum json_event e = json_next(j);
	if (e == JSON_ERROR)
		return -1;
	*value = e == JSON_TRUE || (e == JSON_NUMBER && j->number != 0);
	return e == JSON_TRUE || e == JSON_FALSE || e == JSON_NUMBER ? 0 : json_fail(j, "%s must be 0 or 1", what);
}

int json_take_text(struct json_reader *j, const char *what, const char **value, struct arena *a)
{
	TRY(take(j, what, JSON_STRING, "a string"));
	if (memchr(j->text, 0, j->text_size) != NULL)
		return json_fail(j, "%s holds a NUL character", what);
	*value = arena_strndup(a, j->text, j->text_size);
	return *value != NULL ? 0 : -1;
}
