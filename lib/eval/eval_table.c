#include "eval/eval_table.h"

#include "eval/eval_format.h"
#include "eval/eval_set.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int eval_table_fail(const struct eval_table *t, const char *format, ...)
{
	char reason[512];
	va_list args;
	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	return err_set("%s:%lld: %s", t->path, (long long)t->line, reason);
}

int eval_table_line(struct eval_table *t)
{
	errno = 0;
	ssize_t size = getline(&t->text, &t->room, t->file);
	if (size < 0)
		return ferror(t->file) ? err_errno("cannot read '%s'", t->path) : 0;
	t->line++;
	if (memchr(t->text, '\0', (size_t)size) != NULL)
		return eval_table_fail(t, "there is a NUL in the line");
	while (size > 0 && (t->text[size - 1] == '\n' || t->text[size - 1] == '\r'))
		t->text[--size] = '\0';
	return 1;
}

int eval_table_add_score(struct eval_table *t, struct eval_table_row *row, double score)
{
	if (!isfinite(score))
		return eval_table_fail(t, "a score is not a finite number");
	TRY(arena_grow(&t->scores, row->n_scores, &t->room_scores, sizeof *t->scores, t->arena));
	t->scores[row->n_scores++] = score;
	row->scores = t->scores;
	return 0;
}

/* By the first character that is not white space. */
static int open_text(struct eval_table *t, const char *path)
{
	t->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	if (t->file == NULL)
		return err_errno("cannot open '%s'", path);
	int c;
	while ((c = getc(t->file)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		t->line += c == '\n';
	ungetc(c, t->file);
	if (c == '[')
		return eval_table_array_open(t);
	if (c != '{')
		return eval_table_csv_open(t);
	t->format = &eval_table_lines;
	return 0;
}

int eval_table_open(struct eval_table *t, const char *path, struct arena *a)
{
	enum eval_format format;
	*t = (struct eval_table){ .path = strcmp(path, "-") == 0 ? "standard input" : path, .arena = a, .hold = -1 };
	arena_init(&t->record, 1 << 16);
	int status = eval_format_of(&format, &t->hold, path);
	if (status == 0 && format == EVAL_FORMAT_STREAM) {
		status = stream_reader_open(&t->reader, path, NULL);
		if (status == 0)
			status = eval_table_stream_open(t);
	} else if (status == 0) {
		status = open_text(t, path);
	}
	if (status != 0)
		eval_table_close(t);
	return status;
}

static int next_entry(struct eval_table *t, struct eval_table_entry *e)
{
	if (t->has_ahead) {
		*e = t->ahead;
		t->line = e->line;
		t->has_ahead = false;
		return 1;
	}
	*e = (struct eval_table_entry){ .row = { .label = -1 } };
	int got = t->ended ? 0 : t->format->next(t, e);
	t->ended = got != 1;
	e->line = t->line;
	if (got != 1)
		return got;
	t->by_category = t->n_rows++ == 0 ? e->has_category : t->by_category;
	if (e->has_category != t->by_category)
		return eval_table_fail(t, "the object has %s \"category_id\", unlike those before", e->has_category ? "a" : "no");
	return 1;
}

static int add_category(struct eval_table *t, struct eval_table_row *row, const struct eval_table_entry *e)
{
	if (!e->has_score)
		return eval_table_fail(t, "the object has a \"category_id\" and no \"score\"");
	TRY(arena_grow(&t->category, row->n_scores, &t->room_categories, sizeof *t->category, t->arena));
	t->category[row->n_scores] = e->category;
	row->category = t->category;
	return eval_table_add_score(t, row, e->score);
}

/* All entries that follow `e` and are of the same image. */
static int gather(struct eval_table *t, struct eval_table_row *row, struct eval_table_entry *e)
{
	int64_t line = e->line;
	int got;
	*row = (struct eval_table_row){ .id = e->row.id, .label = -1 };
	do {
		TRY(add_category(t, row, e));
		got = next_entry(t, e);
	} while (got == 1 && eval_compare_ids(&e->row.id, &row->id) == 0);
	t->has_ahead = got == 1;
	t->ahead = *e;
	t->line = line;
	return got < 0 ? -1 : 1;
}

int eval_table_next(struct eval_table *t, struct eval_table_row *row)
{
	struct eval_table_entry e;
	int got = next_entry(t, &e);
	*row = e.row;
	return got == 1 && e.has_category ? gather(t, row, &e) : got;
}

void eval_table_close(struct eval_table *t)
{
	if (t->json.state != NULL)
		json_close(&t->json);
	if (t->reader.state != NULL)
		stream_reader_close(&t->reader);
	if (t->file != NULL && t->file != stdin)
		fclose(t->file);
	if (t->hold >= 0)
		close(t->hold);
	free(t->text);
	arena_release(&t->record);
	*t = (struct eval_table){ .hold = -1 };
}
