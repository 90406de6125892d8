#include "eval/eval_cell.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

const char *eval_class_name(const struct category *c, char text[32])
{
	if (c->name != NULL && c->name[0] != '\0')
		return c->name;
	snprintf(text, 32, "%" PRId64, c->id);
	return text;
}

int eval_class_width(const struct category *classes, int32_t n)
{
	char text[32];
	int width = utf8_columns("category");
	for (int32_t k = 0; k < n; k++) {
		int columns = utf8_columns(eval_class_name(&classes[k], text));
		width = columns > width ? columns : width;
	}
	return width;
}

void eval_put_class(FILE *file, int width, const struct category *c)
{
	char text[32];
	const char *name = eval_class_name(c, text);
	int room = width - utf8_columns(name);
	fprintf(file, " %s%*s", name, room > 0 ? room : 0, "");
}

void eval_put_percent(FILE *file, int width, double share)
{
	if (share < 0)
		fprintf(file, " %*s", width, "-");
	else
		fprintf(file, " %*.2f", width, 100 * share);
}

void eval_put_csv(FILE *file, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, file);
		return;
	}
	fputc('"', file);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', file);
		fputc(*text, file);
	}
	fputc('"', file);
}
