#include "base/json.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void json_writer_init(struct json_writer *w, FILE *file)
{
	*w = (struct json_writer){ .file = file, .first = true };
}

/* What must stand between the last thing written and the next value or key. */
static void separate(struct json_writer *w)
{
	if (!w->first && !w->after_key)
		fputc(',', w->file);
	w->first = false;
	w->after_key = false;
}

static void open_bracket(struct json_writer *w, char bracket)
{
	separate(w);
	fputc(bracket, w->file);
	w->depth++;
	w->first = true;
}

void json_put_object(struct json_writer *w)
{
	open_bracket(w, '{');
}

void json_put_array(struct json_writer *w)
{
	open_bracket(w, '[');
}

void json_put_end(struct json_writer *w, char bracket)
{
	fputc(bracket, w->file);
	w->depth--;
	w->first = false;
	w->after_key = false;
}

static void put_escaped(FILE *file, unsigned char c)
{
	static const char letter[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	for (const char *l = letter; *l != '\0'; l += 2)
		if ((unsigned char)l[0] == c) {
			fputc('\\', file);
			fputc(l[1], file);
			return;
		}
	fprintf(file, "\\u%04x", c);
}

static void put_quoted(FILE *file, const char *text)
{
	fputc('"', file);
	while (*text != '\0') {
		int n = utf8_length(text);
		unsigned char c = (unsigned char)*text;
		if (n == 0)
			fputs("\\ufffd", file);	/* a file name may hold any bytes; JSON may not */
		else if (c < 0x20 || c == '"' || c == '\\')
			put_escaped(file, c);
		else
			fwrite(text, 1, (size_t)n, file);
		text += n == 0 ? 1 : n;
	}
	fputc('"', file);
}

void json_put_key(struct json_writer *w, const char *key)
{
	separate(w);
	put_quoted(w->file, key);
	fputc(':', w->file);
	w->after_key = true;
}

void json_put_string(struct json_writer *w, const char *text)
{
	separate(w);
	put_quoted(w->file, text);
}

void json_put_integer(struct json_writer *w, int64_t value)
{
	separate(w);
	fprintf(w->file, "%lld", (long long)value);
}

void json_put_double(struct json_writer *w, double value)
{
	if (!isfinite(value)) {
		json_put_null(w);
		return;
	}
	/* 15 digits always survive the way to a double, 17 always identify one. */
	char text[40];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	separate(w);
	fputs(text, w->file);
}

void json_put_bool(struct json_writer *w, bool value)
{
	separate(w);
	fputs(value ? "true" : "false", w->file);
}

void json_put_null(struct json_writer *w)
{
	separate(w);
	fputs("null", w->file);
}

void json_put_raw(struct json_writer *w, const char *text, size_t size)
{
	separate(w);
	fwrite(text, 1, size, w->file);
}

void json_put_string_of(struct json_writer *w, const char *key, const char *text)
{
	json_put_key(w, key);
	json_put_string(w, text);
}

void json_put_integer_of(struct json_writer *w, const char *key, int64_t value)
{
	json_put_key(w, key);
	json_put_integer(w, value);
}

void json_put_double_of(struct json_writer *w, const char *key, double value)
{
	json_put_key(w, key);
	json_put_double(w, value);
}
