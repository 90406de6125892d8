#include "base/io.h"
#include "base/json_number.h"
#include "base/json_state.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* The beginning tells whether the rest is compressed. */
static ssize_t read_first(struct json_reader_state *s, char *data, size_t size)
{
	ssize_t got = io_read(s->fd, s->name, data, size);
	s->started = true;
	if (got < 0 || !unzip_is(data, (size_t)got))
		return got;
	s->unzip = unzip_new(s->fd, s->name, data, (size_t)got);
	return s->unzip == NULL ? -1 : unzip_read(s->unzip, data, size);
}

static ssize_t read_input(struct json_reader_state *s, char *data, size_t size)
{
	if (s->unzip != NULL)
		return unzip_read(s->unzip, data, size);
	if (s->fd >= 0 && s->started)
		return io_read(s->fd, s->name, data, size);
	if (s->fd >= 0)
		return read_first(s, data, size);
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
	s->fd = -1;
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
	bool is_stdin = strcmp(path, "-") == 0;
	TRY(open_any(j, is_stdin ? "standard input" : path));
	j->state->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (j->state->fd >= 0)
		return 0;
	err_errno("cannot open '%s'", path);
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

void json_close(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	if (s == NULL)
		return;
	unzip_free(s->unzip);
	if (s->fd > STDIN_FILENO)
		close(s->fd);
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
