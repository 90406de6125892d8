/*
 * json: a streaming reader for files of any size, and a small writer.
 *
 * The reader hands out one event at a time and never builds a tree. Numbers are
 * exact to the last bit, escapes and UTF-8 are checked, depth is limited. An error
 * names the input, line and column, and is sticky.
 *
 *     struct json_reader j;
 *     TRY(json_open(&j, path));       // "-" is stdin
 *     while ((e = json_next(&j)) > 0)
 *             if (e == JSON_KEY && json_is(&j, "images")) ...
 *     json_close(&j);
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum json_event {
	JSON_ERROR = -1,
	JSON_END = 0,	/* the document is complete and only white space followed */
	JSON_OBJECT_BEGIN,
	JSON_OBJECT_END,
	JSON_ARRAY_BEGIN,
	JSON_ARRAY_END,
	JSON_KEY,	/* text, text_size */
	JSON_STRING,	/* text, text_size; NUL-terminated, escapes resolved */
	JSON_NUMBER,	/* number; is_integer and integer when it is written as one and fits */
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

struct json_reader {
	/* The value of the last event; text lives until the next call. */
	const char *text;
	size_t text_size;
	double number;
	int64_t integer;
	bool is_integer;
	int depth;	/* open objects and arrays after the last event */
	struct json_reader_state *state;
};

/* path "-" is stdin. What gzip or zstd has compressed is expanded on the way; lines and columns are those of the text. */
int json_open(struct json_reader *j, const char *path) MUST_CHECK;

/* Read from memory, which must live until json_close(); name is for messages. */
int json_open_memory(struct json_reader *j, const void *data, size_t size, const char *name) MUST_CHECK;

/* The next event; JSON_ERROR (sticky) with a message "name:line:column: reason". */
enum json_event json_next(struct json_reader *j) MUST_CHECK;

/* Skip the value that comes next (after a key or inside an array). */
int json_skip(struct json_reader *j) MUST_CHECK;

/*
 * Numbers of the array that the reader is in, up to `room` of them, the next one first; as many as are there in the usual
 * form, so json_next() goes on where it stops. Never fails.
 */
size_t json_next_numbers(struct json_reader *j, double *values, size_t room);

/* True when the last key or string is exactly this. Inline, for its text is a constant nearly everywhere. */
static inline bool json_is(const struct json_reader *j, const char *text)
{
	size_t size = strlen(text);
	return size == j->text_size && memcmp(j->text, text, size) == 0;
}

/* Report an error of the caller's at this place: "name:line:column: message". Returns -1; sticky. */
int json_fail(struct json_reader *j, const char *format, ...) PRINTF_LIKE(2, 3);

void json_close(struct json_reader *j);

/*
 * The writer puts text on a FILE; commas and quoting are its business. Errors of the FILE
 * are seen by the caller's ferror()/fclose().
 */
struct json_writer {
	FILE *file;
	int depth;
	bool first;
	bool after_key;
};

void json_writer_init(struct json_writer *w, FILE *file);
void json_put_object(struct json_writer *w);	/* { */
void json_put_array(struct json_writer *w);	/* [ */
void json_put_end(struct json_writer *w, char bracket);	/* '}' or ']' */
void json_put_key(struct json_writer *w, const char *key);
void json_put_string(struct json_writer *w, const char *text);
void json_put_integer(struct json_writer *w, int64_t value);
void json_put_double(struct json_writer *w, double value);	/* shortest text that reads back the same; NaN becomes null */
void json_put_bool(struct json_writer *w, bool value);
void json_put_null(struct json_writer *w);
void json_put_raw(struct json_writer *w, const char *text, size_t size);	/* a value, or a key and its value, as they are */

/* A key and its value. */
void json_put_string_of(struct json_writer *w, const char *key, const char *text);
void json_put_integer_of(struct json_writer *w, const char *key, int64_t value);
void json_put_double_of(struct json_writer *w, const char *key, double value);

#endif
