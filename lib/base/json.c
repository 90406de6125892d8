#include "base/json.h"

#include "base/json_digits.h"
#include "base/json_number.h"
#include "base/json_plain.h"
#include "base/json_state.h"

#include <math.h>
#include <string.h>

static int read_number(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	struct json_number n;
	int status, more = 1;
	s->token = s->p;
	while (status = json_number_scan(&n, s->p), n.stop == s->end && more == 1)
		more = json_refill(s);
	if (more < 0)
		return -1;
	if (status != 0)
		return json_fail_at(s, n.stop, n.stop == s->end ? "the input ends inside a number" : "malformed number");
	j->number = json_number_convert(&n, s->c_locale);
	if (!isfinite(j->number))
		return json_fail_at(s, s->token, "number too large");
	j->is_integer = json_number_integer(&n, &j->integer);
	s->p += n.stop - n.text;
	return 0;
}

static int read_word(struct json_reader_state *s, const char *word)
{
	s->token = s->p;
	size_t size = strlen(word);
	while ((size_t)(s->end - s->p) < size) {
		int more = json_refill(s);
		if (more < 0)
			return -1;
		if (more == 0)
			break;
	}
	if (strncmp(s->p, word, size) != 0)
		return json_fail_at(s, s->p, "unknown word; true, false and null are all there are");
	s->p += size;
	return 0;
}

/* The next byte that is no white space, not yet consumed; 0 at the end of the input; -1 on error. */
static int skip_space(struct json_reader_state *s)
{
	for (;;) {
		char *p = s->p;
		while (json_is_space(*p))
			p++;
		s->p = p;
		if (*p != '\0')
			return (unsigned char)*p;
		s->token = p;
		if (p < s->end)
			return json_fail_at(s, p, "a NUL byte where JSON should be");
		int more = json_refill(s);
		if (more <= 0)
			return more;
	}
}

static enum json_event open_container(struct json_reader *j, char closing)
{
	struct json_reader_state *s = j->state;
	s->token = s->p;
	if (j->depth == JSON_MAX_DEPTH)
		return json_fail_at(s, s->p, "nested deeper than %d levels", JSON_MAX_DEPTH);
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
		return json_read_string(j) == 0 ? JSON_STRING : JSON_ERROR;
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
		return json_fail_at(s, s->p, "NaN and Infinity are not JSON");
	}
	return json_fail_at(s, s->p, "a value was expected");
}

/* The input ended where it must not, or before anything came. */
static enum json_event fail_at_end(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	if (j->depth == 0)
		return json_fail_at(s, s->p, "the input holds no JSON value");
	s->cut_short = true;
	return json_fail_at(s, s->p, "the input ends inside %s", s->closing[j->depth - 1] == '}' ? "an object" : "an array");
}

static int check_start(struct json_reader_state *s)
{
	if (s->end > s->buffer || s->at_eof)
		return 0;
	if (json_refill(s) < 0)
		return -1;
	if (!s->begins_inside && strncmp(s->p, "\xef\xbb\xbf", 3) == 0)
		return json_fail_at(s, s->p, "the input starts with a byte order mark; save it as UTF-8 without one");
	return 0;
}

static enum json_event read_key(struct json_reader *j, int c)
{
	struct json_reader_state *s = j->state;
	if (c != '"')
		return json_fail_at(s, s->p, "a key in double quotes was expected");
	s->expect = EXPECT_COLON;
	return json_read_string(j) == 0 ? JSON_KEY : JSON_ERROR;
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
			return json_fail_at(s, s->p, "',' or '%c' was expected", closing);
		return behind_separator(j, closing == '}' ? EXPECT_KEY : EXPECT_VALUE);
	}
	case EXPECT_COLON:
		if (c != ':')
			return json_fail_at(s, s->p, "':' was expected behind a key");
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
	case EXPECT_FAILURE:
		break;
	}
	return json_fail_at(s, s->p, "there is more behind the end of the document");
}

/* The next element of an array of numbers, or the value of a key, when it is as usual: ", 123.45" and more behind it. */
static inline bool next_short_number(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	char *p = s->p;
	bool element = s->expect == EXPECT_COMMA_OR_END && *p == ',' && s->closing[j->depth - 1] == ']';
	if (!element && (s->expect != EXPECT_COLON || *p != ':'))
		return false;
	p++;
	if (*p == ' ')
		p++;
	const char *stop = json_short_number(p, &j->number, &j->integer, &j->is_integer);
	if (stop == NULL || stop >= s->end)
		return false;
	s->token = p;
	s->p = p + (stop - p);
	s->expect = EXPECT_COMMA_OR_END;
	return true;
}

/* The next key, when it is as usual: , "width" without escapes, and more behind it. */
static inline bool next_short_key(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	char *p = s->p;
	if (s->expect == EXPECT_COMMA_OR_END && *p == ',' && s->closing[j->depth - 1] == '}')
		p++;
	else if (s->expect != EXPECT_KEY_OR_END)
		return false;
	if (*p == ' ')
		p++;
	if (*p != '"')
		return false;
	char *stop = json_skip_plain(p + 1);
	if (*stop != '"')
		return false;
	j->text = p + 1;
	j->text_size = (size_t)(stop - j->text);
	*stop = '\0';
	s->token = p;
	s->p = stop + 1;
	s->expect = EXPECT_COLON;
	return true;
}

__attribute__((noinline)) static enum json_event next_event(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	if (s->expect == EXPECT_FAILURE)
		return err_set("%s", s->failure != NULL ? s->failure : "out of memory");
	if (check_start(s) != 0)
		return JSON_ERROR;
	int c = skip_space(s);
	if (c > 0)
		return next_token(j, c);
	if (c < 0)
		return JSON_ERROR;
	bool at_element = s->ends_inside && j->depth == 1 && s->expect == EXPECT_COMMA_OR_END && s->closing[0] == ']';
	return s->expect == EXPECT_NOTHING || at_element ? JSON_END : fail_at_end(j);
}

enum json_event json_next(struct json_reader *j)
{
	return next_short_number(j) ? JSON_NUMBER : next_short_key(j) ? JSON_KEY : next_event(j);
}

size_t json_next_numbers(struct json_reader *j, double *values, size_t room)
{
	struct json_reader_state *s = j->state;
	bool first = s->expect == EXPECT_VALUE_OR_END;
	char *p = s->p, *token = s->token;
	size_t n = 0;
	if ((!first && s->expect != EXPECT_COMMA_OR_END) || j->depth == 0 || s->closing[j->depth - 1] != ']')
		return 0;
	/* All in registers: this is where a data set is read. */
	for (; n < room; n++, first = false) {
		char *at = p;
		double number;
		int64_t integer;
		bool is_integer;
		if (!first && *at++ != ',')
			break;
		while (json_is_space(*at))
			at++;
		const char *stop = json_short_number(at, &number, &integer, &is_integer);
		if (stop == NULL || stop >= s->end)
			break;
		values[n] = number;
		token = at;
		p = at + (stop - at);
	}
	if (n > 0) {
		s->token = token;
		s->p = p;
		s->expect = EXPECT_COMMA_OR_END;
	}
	return n;
}

int json_skip(struct json_reader *j)
{
	int depth = j->depth;
	do {
		if (json_next(j) <= JSON_END)
			return j->state->expect == EXPECT_FAILURE ? -1 : err_set("%s: there is no value to skip", j->state->name);
	} while (j->depth > depth);
	return 0;
}
