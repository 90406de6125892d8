#include "coco/class_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char space[] = " \t\r\v\f";

/* The text without the space around it, cut off in place. */
static char *trim(char *text)
{
	text += strspn(text, space);
	size_t size = strlen(text);
	while (size > 0 && strchr(space, text[size - 1]) != NULL)
		size--;
	text[size] = '\0';
	return text;
}

static int add_name(struct class_names *out, const char *path, int number, const char *name, struct arena *a)
{
	if (name[0] == '\0')
		return err_set("%s:%d: a class without a name", path, number);
	for (int i = 0; i < out->n; i++)
		if (strcmp(out->name[i], name) == 0)
			return err_set("%s:%d: the class '%.64s' is there twice", path, number, name);
	if ((out->n & (out->n - 1)) == 0) {
		const char **larger = arena_calloc(a, out->n > 0 ? 2 * (size_t)out->n : 1, sizeof *larger);
		if (larger == NULL)
			return -1;
		if (out->n > 0)
			memcpy(larger, out->name, (size_t)out->n * sizeof *larger);
		out->name = larger;
	}
	out->name[out->n] = arena_strdup(a, name);
	return out->name[out->n++] != NULL ? 0 : -1;
}

int class_names_parse(struct class_names *out, const char *path, char *text, struct arena *a)
{
	char *line;
	*out = (struct class_names){ 0 };
	for (size_t size = strlen(text); size > 0 && strchr(" \t\r\v\f\n", text[size - 1]) != NULL; size--)
		text[size - 1] = '\0';
	if (text[0] == '\0')
		return err_set("'%s' names no classes", path);
	for (int number = 1; (line = strsep(&text, "\n")) != NULL; number++)
		TRY(add_name(out, path, number, trim(line), a));
	return 0;
}

/* The text up to `end` of what may be quoted: the first unquoted character of stop, or the closing NUL. */
static char *end_of_item(char *text, const char *stop)
{
	char quote = '\0';
	for (; *text != '\0'; text++)
		if (quote != '\0')
			quote = *text == quote ? '\0' : quote;
		else if (strchr(stop, *text) != NULL)
			break;
		else if (*text == '\'' || *text == '"')
			quote = *text;
	return text;
}

/* A name, quoted or not. */
static int add_scalar(struct class_names *out, const char *path, int number, char *text, struct arena *a)
{
	text = trim(text);
	size_t size = strlen(text);
	if (size >= 2 && (text[0] == '\'' || text[0] == '"') && text[size - 1] == text[0]) {
		text[size - 1] = '\0';
		text++;
	} else if (text[0] != '\0' && strchr("'\"[]{}&*!|>", text[0]) != NULL) {
		return err_set("%s:%d: '%.64s' is no plain name", path, number, text);
	}
	return add_name(out, path, number, text, a);
}

/* "3: name": the number must be that of the class. */
static int add_numbered(struct class_names *out, const char *path, int number, char *text, struct arena *a)
{
	char *end, *start = trim(text);
	long class_number = strtol(start, &end, 10);
	char *colon = end + strspn(end, space);
	if (end == start || *colon != ':')
		return err_set("%s:%d: 'NUMBER: NAME' is expected, not '%.64s'", path, number, start);
	if (class_number != out->n)
		return err_set("%s:%d: the classes must be numbered 0, 1, ...: here is %ld, expected was %d", path, number,
			       class_number, out->n);
	return add_scalar(out, path, number, colon + 1, a);
}

/* [a, b] or {0: a, 1: b}, over one line or several. */
static int take_flow(struct class_names *out, const char *path, int number, char *text, struct arena *a)
{
	bool numbered = text[0] == '{';
	char close = numbered ? '}' : ']', stop[3] = { ',', close, '\0' };
	for (char *at = text + 1;;) {
		for (; *at != '\0' && strchr(" \t\r\v\f\n", *at) != NULL; at++)
			number += *at == '\n';
		if (*at == close)
			return 0;
		char *end = end_of_item(at, stop), last = *end;
		if (last == '\0')
			return err_set("%s:%d: the list of names has no end", path, number);
		*end = '\0';
		int lines = 0;
		for (char *c = at; c < end; c++)
			if (*c == '\n') {
				lines++;
				*c = ' ';
			}
		TRY(numbered ? add_numbered(out, path, number, at, a) : add_scalar(out, path, number, at, a));
		if (last == close)
			return 0;
		number += lines;
		at = end + 1;
	}
}

/* Lines of "- a" or "0: a", up to the next key. */
static int take_block(struct class_names *out, const char *path, int number, char *text, struct arena *a)
{
	char *line;
	while ((line = strsep(&text, "\n")) != NULL) {
		char *start = line + strspn(line, space);
		*end_of_item(start, "#") = '\0';
		number++;
		if (*trim(start) == '\0')
			continue;
		if (*start == '-')
			TRY(add_scalar(out, path, number, start + 1, a));
		else if (start > line)
			TRY(add_numbered(out, path, number, start, a));
		else
			break;
	}
	return 0;
}

int class_names_parse_yaml(struct class_names *out, const char *path, char *text, struct arena *a)
{
	static const char key[] = "names:";
	int number = 1;
	*out = (struct class_names){ 0 };
	while (strncmp(text, key, sizeof key - 1) != 0) {
		text += strcspn(text, "\n");
		if (*text == '\0')
			return err_set("'%s' has no 'names'", path);
		text++;
		number++;
	}
	text += sizeof key - 1;
	text += strspn(text, space);
	if (*text == '[' || *text == '{')
		TRY(take_flow(out, path, number, text, a));
	else if (*text == '\n' || *text == '#')
		TRY(take_block(out, path, number, text + strcspn(text, "\n") + (strchr(text, '\n') != NULL), a));
	else
		return err_set("%s:%d: 'names' must be a list", path, number);
	return out->n > 0 ? 0 : err_set("'%s' names no classes", path);
}
