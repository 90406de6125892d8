#include "eval/eval_table.h"

#include "eval/eval_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Cut t->text at its commas; quotes around a field are taken off, doubled ones inside become one. */
static int split(struct eval_table *t, int64_t *n, int64_t *room)
{
	char *at = t->text;
	for (*n = 0;; at++) {
		TRY(arena_grow(&t->field, *n, room, sizeof *t->field, t->arena));
		char *out = at;
		t->field[(*n)++] = out;
		if (*at == '"') {
			for (at++; *at != '\0' && (*at != '"' || at[1] == '"'); at++) {
				at += *at == '"';
				*out++ = *at;
			}
			if (*at++ != '"' || (*at != ',' && *at != '\0'))
				return eval_table_fail(t, "a quoted field does not end in a quote");
		} else {
			while (*at != ',' && *at != '\0')
				at++;
			out = at;
		}
		bool last = *at == '\0';
		*out = '\0';
		if (last)
			return 0;
	}
}

static bool is_score(const struct eval_table *t, int64_t i)
{
	return !t->labelled && strcmp(t->column[i], "image_id") != 0 && strcmp(t->column[i], "ood_score") != 0;
}

static int copy_header(struct eval_table *t)
{
	bool has_id = false;
	t->column = arena_calloc(t->arena, (size_t)t->n_columns, sizeof *t->column);
	t->names = arena_calloc(t->arena, (size_t)t->n_columns, sizeof *t->names);
	if (t->column == NULL || t->names == NULL)
		return -1;
	for (int64_t i = 0; i < t->n_columns; i++) {
		t->column[i] = arena_strdup(t->arena, t->field[i]);
		if (t->column[i] == NULL)
			return -1;
		for (int64_t k = 0; k < i; k++)
			if (strcmp(t->column[k], t->column[i]) == 0)
				return eval_table_fail(t, "the column '%s' comes twice", t->column[i]);
		has_id |= strcmp(t->column[i], "image_id") == 0;
		t->labelled |= strcmp(t->column[i], "label") == 0;
	}
	return has_id ? 0 : eval_table_fail(t, "there is no column image_id; the first line names the columns: image_id,label "
					    "of ground truth, image_id and the classes of results");
}

int eval_table_csv_open(struct eval_table *t)
{
	int got = eval_table_line(t);
	if (got <= 0)
		return got < 0 ? -1 : err_set("'%s' is empty", t->path);
	TRY(split(t, &t->n_columns, &t->room_columns));
	TRY(copy_header(t));
	for (int64_t i = 0; i < t->n_columns; i++)
		if (is_score(t, i))
			t->names[t->n_names++] = t->column[i];
	if (t->n_names == 0)
		t->names = NULL;
	t->format = &eval_table_csv;
	return 0;
}

static bool parse_integer(const char *text, int64_t *value)
{
	char *end;
	errno = 0;
	long long parsed = strtoll(text, &end, 10);
	*value = parsed;
	return end != text && *end == '\0' && errno == 0;
}

/* An integer as it is usually written is one; "007" is a text. */
static int read_id(struct eval_table *t, struct sample_id *id, const char *text)
{
	char again[32];
	if (text[0] == '\0')
		return eval_table_fail(t, "the image_id is empty");
	bool whole = parse_integer(text, &id->number);
	snprintf(again, sizeof again, "%lld", (long long)id->number);
	if (whole && strcmp(again, text) == 0)
		return 0;
	*id = (struct sample_id){ .text = arena_strdup(t->arena, text) };
	return id->text == NULL ? -1 : 0;
}

static int read_number(struct eval_table *t, double *x, int64_t column)
{
	char *end;
	*x = strtod(t->field[column], &end);
	if (end == t->field[column] || *end != '\0')
		return eval_table_fail(t, "'%s' in the column '%s' is not a number", t->field[column], t->column[column]);
	return 0;
}

static int read_label(struct eval_table *t, struct eval_table_row *row, const char *text)
{
	row->has_label = true;
	if (!parse_integer(text, &row->label))
		row->label = -1;
	if (text[0] == '\0' || strcmp(text, "-1") == 0)
		return 0;
	row->name = arena_strdup(t->arena, text);
	return row->name == NULL ? -1 : 0;
}

static int read_field(struct eval_table *t, struct eval_table_row *row, int64_t i)
{
	double score;
	if (strcmp(t->column[i], "image_id") == 0)
		return read_id(t, &row->id, t->field[i]);
	if (strcmp(t->column[i], "label") == 0)
		return read_label(t, row, t->field[i]);
	if (strcmp(t->column[i], "ood_score") == 0) {
		row->has_ood_score = true;
		return read_number(t, &row->ood_score, i);
	}
	if (!is_score(t, i))
		return 0;
	TRY(read_number(t, &score, i));
	return eval_table_add_score(t, row, score);
}

static int next(struct eval_table *t, struct eval_table_entry *entry)
{
	struct eval_table_row *row = &entry->row;
	int64_t n;
	int got;
	while ((got = eval_table_line(t)) == 1 && t->text[0] == '\0')
		continue;
	if (got != 1)
		return got;
	TRY(split(t, &n, &t->room_columns));
	if (n != t->n_columns)
		return eval_table_fail(t, "%lld fields where the first line names %lld columns", (long long)n,
				       (long long)t->n_columns);
	for (int64_t i = 0; i < n; i++)
		TRY(read_field(t, row, i));
	return 1;
}

const struct eval_table_format eval_table_csv = { .next = next };
