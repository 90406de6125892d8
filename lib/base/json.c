#include "base/json.h"

#include "base/io.h"
#include "base/json_number.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MAX_DEPTH = 512,
	BLOCK = 1 << 18,
	/* Zeros behind the data: they end every scan, and words may be read across the end. */
	SENTINEL = 16,
};

enum expect {
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END,	/* behind '[' */
	EXPECT_KEY,
	EXPECT_KEY_OR_END,	/* behind '{' */
	EXPECT_COLON,
	EXPECT_COMMA_OR_END,
	EXPECT_NOTHING,	/* the document is complete */
};

struct json_reader_state {
	char *name;
	int fd;	/* -1: memory */
	const char *memory;
	size_t memory_left;

	/* The part of the input in memory. Strings are handed out in place, so a token is never split. */
	char *buffer;
	size_t room;
	char *p;	/* the next byte */
	char *end;	/* behind the last byte; zeros follow */
	char *token;	/* start of the last token; nothing from here on is thrown away */
	bool at_eof;
	int64_t lines, columns;	/* line ends before buffer, and characters since the last of them */

	enum expect expect;
	char closing[MAX_DEPTH];	/* the bracket that ends each open container */
	char *scratch;	/* a string with its escapes resolved */
	size_t scratch_room;
	locale_t c_locale;
	char *failure;	/* the message, once something failed */
};

/* Keep the message that is set, so that every later call fails with it too. */
static int stick(struct json_reader_state *s)
{
	free(s->failure);
	s->failure = strdup(err_get());
	return -1;
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
	int64_t n = 0;
	for (size_t i = 0; i < size; i++)
		n += ((unsigned char)from[i] & 0xc0) != 0x80;
	*columns += n;
}

static int fail_va(struct json_reader_state *s, const char *at, const char *format, va_list args)
{
	char reason[512];
	int64_t lines = s->lines, columns = s->columns;
	vsnprintf(reason, sizeof reason, format, args);
	count_position(&lines, &columns, s->buffer, at);
	err_set("%s:%lld:%lld: %s", s->name, (long long)lines + 1, (long long)columns + 1, reason);
	return stick(s);
}

PRINTF_LIKE(3, 4) static int fail_at(struct json_reader_state *s, const char *at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail_va(s, at, format, args);
	va_end(args);
	return -1;
}

static ssize_t read_input(struct json_reader_state *s, char *data, size_t size)
{
	if (s->fd >= 0)
		return io_read(s->fd, s->name, data, size);
	if (size > s->memory_left)
		size = s->memory_left;
	if (size > 0)
		memcpy(data, s->memory, size);
	s->memory += size;
	s->memory_left -= size;
	return (ssize_t)size;
}

/*
 * Bring in more of the input behind what is there, keeping everything from s->token on (which
 * moves). 1: there is more, 0: the input has ended, -1: error.
 */
static int refill(struct json_reader_state *s)
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
			return stick(s);
		}
		s->buffer = larger;
		s->room *= 2;
	}
	s->token = s->buffer;
	s->p = s->buffer + used;
	s->end = s->buffer + kept;
	ssize_t got = read_input(s, s->end, s->room - kept);
	if (got < 0)
		return stick(s);
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

/* Bytes that a string holds as they are and that need no look: ASCII but '"', '\' and control characters. */
static inline bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static inline char *skip_plain(char *p)
{
	/* Eight at a time; a high bit marks a byte that stops us (exact up to the first one). */
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	for (;; p += 8) {
		uint64_t word, quote, slash;
		memcpy(&word, p, 8);
		quote = word ^ (ones * '"');
		slash = word ^ (ones * '\\');
		if (((word | (word - ones * 0x20) | (quote - ones) | (slash - ones)) & high) != 0)
			break;
	}
	while (is_plain((unsigned char)*p))
		p++;
	return p;
}

enum scan { SCAN_BAD = -1, SCAN_WHOLE, SCAN_MORE };

/*
 * Check the string whose first byte is at p. WHOLE: *stop is its closing quote. MORE: the
 * buffer ends inside. BAD: the message is set.
 */
static enum scan scan_string(struct json_reader_state *s, char *p, char **stop, bool *escaped)
{
	*escaped = false;
	for (;;) {
		p = skip_plain(p);
		unsigned char c = (unsigned char)*p;
		if (c == '"') {
			*stop = p;
			return SCAN_WHOLE;
		}
		if (p == s->end || (c == '\\' && p + 1 == s->end) || (c >= 0x80 && s->end - p < 4 && !s->at_eof))
			return SCAN_MORE;
		if (c < 0x20)
			return fail_at(s, p, "control character 0x%02x in a string", c);
		int n = c == '\\' ? 2 : utf8_length(p);
		if (n == 0)
			return fail_at(s, p, "malformed UTF-8 in a string");
		*escaped |= c == '\\';
		p += n;
	}
}

/* The four hexadecimal digits at p, or -1. */
static int32_t hex4(const char *p)
{
	int32_t code = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

/* p is at "\uXXXX"; *out gets the character, p moves behind it (behind both halves of a surrogate pair). */
static int unescape_unicode(struct json_reader_state *s, char **p, char **out)
{
	int32_t code = hex4(*p + 2);
	if (code < 0)
		return fail_at(s, *p, "\\u wants four hexadecimal digits");
	if (code >= 0xdc00 && code <= 0xdfff)
		return fail_at(s, *p, "second half of a surrogate pair without the first");
	if (code >= 0xd800 && code <= 0xdbff) {
		int32_t low = (*p)[6] == '\\' && (*p)[7] == 'u' ? hex4(*p + 8) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return fail_at(s, *p, "first half of a surrogate pair without the second");
		code = 0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00);
		*p += 6;
	}
	*p += 6;
	*out += utf8_put(*out, (uint32_t)code);
	return 0;
}

/* Resolve the escapes of from..to (the closing quote) into scratch: aside, because lines are counted in the buffer. */
static int unescape(struct json_reader *j, char *from, const char *to)
{
	static const char letter[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	struct json_reader_state *s = j->state;
	size_t size = (size_t)(to - from) + 1;
	if (size > s->scratch_room) {
		free(s->scratch);
		s->scratch = malloc(2 * size);
		s->scratch_room = s->scratch != NULL ? 2 * size : 0;
		if (s->scratch == NULL)
			return fail_at(s, from, "out of memory for a string of %zu bytes", size);
	}
	char *out = s->scratch;
	for (char *p = from; p < to;) {
		if (*p != '\\') {
			*out++ = *p++;
			continue;
		}
		if (p[1] == 'u') {
			TRY(unescape_unicode(s, &p, &out));
			continue;
		}
		const char *l = letter;
		while (*l != '\0' && *l != p[1])
			l += 2;
		if (*l == '\0')
			return fail_at(s, p, "unknown escape in a string");
		*out++ = l[1];
		p += 2;
	}
	*out = '\0';
	j->text = s->scratch;
	j->text_size = (size_t)(out - s->scratch);
	return 0;
}

/* s->p is at the opening quote. */
static int read_string(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	char *stop = s->p;
	bool escaped;
	enum scan scan;
	s->token = s->p;
	while ((scan = scan_string(s, s->p + 1, &stop, &escaped)) == SCAN_MORE) {
		int more = refill(s);
		if (more < 0)
			return -1;
		if (more == 0)
			return fail_at(s, s->token, "this string is not closed");
	}
	if (scan == SCAN_BAD)
		return -1;
	if (escaped) {
		TRY(unescape(j, s->p + 1, stop));
	} else {
		j->text = s->p + 1;
		j->text_size = (size_t)(stop - j->text);
		*stop = '\0';
	}
	s->p = stop + 1;
	return 0;
}

static int read_number(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	struct json_number n;
	int status, more = 1;
	s->token = s->p;
	while (status = json_number_scan(&n, s->p), n.stop == s->end && more == 1)
		more = refill(s);
	if (more < 0)
		return -1;
	if (status != 0)
		return fail_at(s, n.stop, n.stop == s->end ? "the input ends inside a number" : "malformed number");
	j->number = json_number_convert(&n, s->c_locale);
	if (!isfinite(j->number))
		return fail_at(s, s->token, "number too large");
	j->is_integer = json_number_integer(&n, &j->integer);
	s->p += n.stop - n.text;
	return 0;
}

static int read_word(struct json_reader_state *s, const char *word)
{
	s->token = s->p;
	size_t size = strlen(word);
	while ((size_t)(s->end - s->p) < size) {
		int more = refill(s);
		if (more < 0)
			return -1;
		if (more == 0)
			break;
	}
	if (strncmp(s->p, word, size) != 0)
		return fail_at(s, s->p, "unknown word; true, false and null are all there are");
	s->p += size;
	return 0;
}

/* The next byte that is no white space, not yet consumed; 0 at the end of the input; -1 on error. */
static int skip_space(struct json_reader_state *s)
{
	for (;;) {
		char *p = s->p;
		while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')
			p++;
		s->p = p;
		if (*p != '\0')
			return (unsigned char)*p;
		s->token = p;
		if (p < s->end)
			return fail_at(s, p, "a NUL byte where JSON should be");
		int more = refill(s);
		if (more <= 0)
			return more;
	}
}

static enum json_event open_container(struct json_reader *j, char closing)
{
	struct json_reader_state *s = j->state;
	s->token = s->p;
	if (j->depth == MAX_DEPTH)
		return fail_at(s, s->p, "nested deeper than %d levels", MAX_DEPTH);
	s->p++;
	s->closing[j->depth++] = closing;
	s->expect = closing == '}' ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
	return closing == '}' ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
}

static enum json_event close_container(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	char closing = s->closing[--j->depth];
	s->token = s->p++;
	s->expect = j->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
	return closing == '}' ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static enum json_event read_value(struct json_reader *j, int c)
{
	struct json_reader_state *s = j->state;
	s->expect = j->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
	switch (c) {
	case '{':
		return open_container(j, '}');
	case '[':
		return open_container(j, ']');
	case '"':
		return read_string(j) == 0 ? JSON_STRING : JSON_ERROR;
	case 't':
		return read_word(s, "true") == 0 ? JSON_TRUE : JSON_ERROR;
	case 'f':
		return read_word(s, "false") == 0 ? JSON_FALSE : JSON_ERROR;
	case 'n':
		return read_word(s, "null") == 0 ? JSON_NULL : JSON_ERROR;
	case '-':
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return read_number(j) == 0 ? JSON_NUMBER : JSON_ERROR;
	case 'N': case 'I':
		return fail_at(s, s->p, "NaN and Infinity are not JSON");
	}
	return fail_at(s, s->p, "a value was expected");
}

/* The input ended where it must not, or before anything came. */
static enum json_event fail_at_end(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	if (j->depth == 0)
		return fail_at(s, s->p, "the input holds no JSON value");
	return fail_at(s, s->p, "the input ends inside %s", s->closing[j->depth - 1] == '}' ? "an object" : "an array");
}

static int check_start(struct json_reader_state *s)
{
	if (s->end > s->buffer || s->at_eof)
		return 0;
	if (refill(s) < 0)
		return -1;
	if (strncmp(s->p, "\xef\xbb\xbf", 3) == 0)
		return fail_at(s, s->p, "the input starts with a byte order mark; save it as UTF-8 without one");
	return 0;
}

static enum json_event read_key(struct json_reader *j, int c)
{
	struct json_reader_state *s = j->state;
	if (c != '"')
		return fail_at(s, s->p, "a key in double quotes was expected");
	s->expect = EXPECT_COLON;
	return read_string(j) == 0 ? JSON_KEY : JSON_ERROR;
}

/* s->p is at the ':' or ',' that announces a value or key. */
static enum json_event behind_separator(struct json_reader *j, enum expect expect)
{
	struct json_reader_state *s = j->state;
	s->p++;
	int c = skip_space(s);
	if (c <= 0)
		return c < 0 ? JSON_ERROR : fail_at_end(j);
	return expect == EXPECT_KEY ? read_key(j, c) : read_value(j, c);
}

/* c, at s->p, is neither white space nor the end of the input. */
static enum json_event next_token(struct json_reader *j, int c)
{
	struct json_reader_state *s = j->state;
	switch (s->expect) {
	case EXPECT_COMMA_OR_END: {
		char closing = s->closing[j->depth - 1];
		if (c == closing)
			return close_container(j);
		if (c != ',')
			return fail_at(s, s->p, "',' or '%c' was expected", closing);
		return behind_separator(j, closing == '}' ? EXPECT_KEY : EXPECT_VALUE);
	}
	case EXPECT_COLON:
		if (c != ':')
			return fail_at(s, s->p, "':' was expected behind a key");
		return behind_separator(j, EXPECT_VALUE);
	case EXPECT_KEY_OR_END:
		return c == '}' ? close_container(j) : read_key(j, c);
	case EXPECT_VALUE_OR_END:
		return c == ']' ? close_container(j) : read_value(j, c);
	case EXPECT_KEY:
		return read_key(j, c);
	case EXPECT_VALUE:
		return read_value(j, c);
	case EXPECT_NOTHING:
		break;
	}
	return fail_at(s, s->p, "there is more behind the end of the document");
}

enum json_event json_next(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	if (s->failure != NULL)
		return err_set("%s", s->failure);
	if (check_start(s) != 0)
		return JSON_ERROR;
	int c = skip_space(s);
	if (c > 0)
		return next_token(j, c);
	if (c < 0)
		return JSON_ERROR;
	return s->expect == EXPECT_NOTHING ? JSON_END : fail_at_end(j);
}

int json_skip(struct json_reader *j)
{
	int depth = j->depth;
	do {
		if (json_next(j) <= JSON_END)
			return j->state->failure != NULL ? -1 : err_set("%s: there is no value to skip", j->state->name);
	} while (j->depth > depth);
	return 0;
}

bool json_is(const struct json_reader *j, const char *text)
{
	return strlen(text) == j->text_size && memcmp(j->text, text, j->text_size) == 0;
}

int json_fail(struct json_reader *j, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail_va(j->state, j->state->token, format, args);
	va_end(args);
	return -1;
}
