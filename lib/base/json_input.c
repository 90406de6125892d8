#include "base/json_number.h"
#include "base/json_part.h"
#include "base/json_state.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK = 1 << 18,
	/* Zeros behind the data: they end every scan, and words may be read across the end. */
	SENTINEL = JSON_NUMBER_PADDING,
};

int json_stick(struct json_reader_state *s)
{
	free(s->failure);
	s->failure = strdup(err_get());
	s->expect = EXPECT_FAILURE;
	return -1;
}

/* Bytes that continue a UTF-8 character. Most text has none, and sees that fast. */
static size_t count_tails(const char *text, size_t size)
{
	unsigned char any = 0;
	for (size_t i = 0; i < size; i++)
		any |= (unsigned char)text[i];
	size_t n = 0;
	for (size_t i = 0; any >= 0x80 && i < size; i++)
		n += ((unsigned char)text[i] & 0xc0) == 0x80;
	return n;
}

/* Add the lines and columns of a piece of the input. */
static void count_position(int64_t *lines, int64_t *columns, const char *from, const char *to)
{
	size_t size = (size_t)(to - from);
	const char *last = memrchr(from, '\n', size);
	if (last != NULL) {
		int64_t n = 0;
		for (size_t i = 0; i < size; i++)
			n += from[i] == '\n';
		*lines += n;
		*columns = 0;
		size = (size_t)(to - last - 1);
		from = last + 1;
	}
	*columns += (int64_t)(size - count_tails(from, size));
}

static int fail_va(struct json_reader_state *s, const char *at, const char *format, va_list args)
{
	char reason[512];
	int64_t lines = s->lines, columns = s->columns;
	vsnprintf(reason, sizeof reason, format, args);
	count_position(&lines, &columns, s->buffer, at);
	err_set("%s:%lld:%lld: %s", s->name, (long long)lines + 1, (long long)columns + 1, reason);
	return json_stick(s);
}

int json_fail_at(struct json_reader_state *s, const char *at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail_va(s, at, format, args);
	va_end(args);
	return -1;
}

static ssize_t read_input(struct json_reader_state *s, char *data, size_t size)
{
	if (s->input.fd >= 0)
		return text_input_read(&s->input, s->name, data, size);
	if (size > s->memory_left)
		size = s->memory_left;
	if (size > 0)
		memcpy(data, s->memory, size);
	s->memory += size;
	s->memory_left -= size;
	return (ssize_t)size;
}

int json_refill(struct json_reader_state *s)
{
	if (s->at_eof)
		return 0;
	count_position(&s->lines, &s->columns, s->buffer, s->token);
	size_t kept = (size_t)(s->end - s->token), used = (size_t)(s->p - s->token);
	memmove(s->buffer, s->token, kept);
	if (kept > s->room / 2) {
		char *larger = realloc(s->buffer, 2 * s->room + SENTINEL);
		if (larger == NULL) {
			err_set("%s: out of memory for a string of %zu bytes", s->name, kept);
			return json_stick(s);
		}
		s->buffer = larger;
		s->room *= 2;
	}
	s->token = s->buffer;
	s->p = s->buffer + used;
	s->end = s->buffer + kept;
	ssize_t got = read_input(s, s->end, s->room - kept);
	if (got < 0)
		return json_stick(s);
	s->at_eof = (size_t)got < s->room - kept;
	s->end += got;
	memset(s->end, 0, SENTINEL);
	return got > 0;
}

static int open_any(struct json_reader *j, const char *name)
{
	*j = (struct json_reader){ 0 };
	struct json_reader_state *s = calloc(1, sizeof *s);
	if (s == NULL)
		return err_set("out of memory");
	j->state = s;
	s->input.fd = -1;
	s->room = BLOCK;
	s->name = strdup(name);
	s->buffer = malloc(s->room + SENTINEL);
	s->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (s->name == NULL || s->buffer == NULL || s->c_locale == (locale_t)0) {
		json_close(j);
		return err_set("out of memory");
	}
	s->p = s->end = s->token = s->buffer;
	memset(s->end, 0, SENTINEL);
	return 0;
}

int json_open(struct json_reader *j, const char *path)
{
	TRY(open_any(j, text_input_name(path)));
	if (text_input_open(&j->state->input, path) == 0)
		return 0;
	json_close(j);
	return -1;
}

int json_open_memory(struct json_reader *j, const void *data, size_t size, const char *name)
{
	TRY(open_any(j, name));
	j->state->memory = data;
	j->state->memory_left = size;
	return 0;
}

int json_open_part(struct json_reader *j, const struct json_part *part, const char *name, const struct json_place *at)
{
	TRY(json_open_memory(j, part->data, part->size, name));
	struct json_reader_state *s = j->state;
	s->lines = at->lines;
	s->columns = at->columns;
	s->begins_inside = !part->first;
	s->ends_inside = !part->last;
	if (s->begins_inside) {
		j->depth = 1;
		s->closing[0] = ']';
		s->expect = EXPECT_COMMA_OR_END;
	}
	return 0;
}

struct json_place json_here(const struct json_reader *j)
{
	const struct json_reader_state *s = j->state;
	struct json_place at = { s->lines, s->columns };
	count_position(&at.lines, &at.columns, s->buffer, s->p);
	return at;
}

bool json_cut_short(const struct json_reader *j)
{
	return j->state->cut_short;
}

void json_close(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	if (s == NULL)
		return;
	text_input_close(&s->input);
	if (s->c_locale != (locale_t)0)
		freelocale(s->c_locale);
	free(s->failure);
	free(s->scratch);
	free(s->buffer);
	free(s->name);
	free(s);
	j->state = NULL;
}

int json_fail(struct json_reader *j, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail_va(j->state, j->state->token, format, args);
	va_end(args);
	return -1;
}
