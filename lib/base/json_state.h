/*
 * json_state: what the parts of the JSON reader share.
 *
 * json_input.c brings the input in and knows where we are; json_string.c reads strings; json.c has the grammar.
 */
#ifndef BASE_JSON_STATE_H
#define BASE_JSON_STATE_H

#include "base/json.h"
#include "base/text_input.h"

#include <locale.h>

enum {
	JSON_MAX_DEPTH = 512,
};

static inline bool json_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

enum expect {
	EXPECT_VALUE,
	EXPECT_VALUE_OR_END,	/* behind '[' */
	EXPECT_KEY,
	EXPECT_KEY_OR_END,	/* behind '{' */
	EXPECT_COLON,
	EXPECT_COMMA_OR_END,
	EXPECT_NOTHING,	/* the document is complete */
	EXPECT_FAILURE,	/* something failed, and so does every call from then on */
};

struct json_reader_state {
	char *name;
	struct text_input input;	/* closed: memory */
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
	char closing[JSON_MAX_DEPTH];	/* the bracket that ends each open container */
	char *scratch;	/* a string with its escapes resolved */
	size_t scratch_room;
	locale_t c_locale;
	char *failure;	/* the message, once something failed */

	/* Of an array's text in parts: */
	bool begins_inside, ends_inside;	/* see json_open_part() */
	bool cut_short;	/* the input ended inside a string, an object or an array */
};

/* Keep the message that is set, so that every later call fails with it too. Returns -1. */
int json_stick(struct json_reader_state *s);

/* "name:line:column: reason" for a place in the buffer. Sticky; returns -1. */
int json_fail_at(struct json_reader_state *s, const char *at, const char *format, ...) PRINTF_LIKE(3, 4);

/*
 * Bring in more of the input behind what is there, keeping everything from s->token on (which
 * moves). 1: there is more, 0: the input has ended, -1: error.
 */
int json_refill(struct json_reader_state *s) MUST_CHECK;

/* A string into j->text; s->p is at its opening quote. */
int json_read_string(struct json_reader *j) MUST_CHECK;

#endif
