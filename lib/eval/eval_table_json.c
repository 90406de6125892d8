#include "eval/eval_table.h"

#include "base/json_value.h"

#include <stdlib.h>
#include <string.h>

static int read_id(struct eval_table *t, struct sample_id *id)
{
	enum json_event e = json_next(&t->json);
	if (e == JSON_ERROR)
		return -1;
	*id = (struct sample_id){ .number = t->json.integer };
	if (e == JSON_NUMBER && t->json.is_integer)
		return 0;
	if (e != JSON_STRING)
		return json_fail(&t->json, "\"image_id\" is neither an integer nor a string");
	*id = (struct sample_id){ .text = arena_strndup(t->arena, t->json.text, t->json.text_size) };
	return id->text == NULL ? -1 : 0;
}

static int read_label(struct eval_table *t, struct eval_table_row *row)
{
	enum json_event e = json_next(&t->json);
	row->has_label = true;
	if (e == JSON_ERROR)
		return -1;
	if (e == JSON_NULL)
		return 0;
	if (e == JSON_NUMBER && t->json.is_integer && t->json.integer >= -1) {
		row->label = t->json.integer;
		return 0;
	}
	if (e != JSON_STRING)
		return json_fail(&t->json, "\"label\" is neither a number of a class, nor a name, nor null");
	row->name = arena_strndup(t->arena, t->json.text, t->json.text_size);
	return row->name == NULL ? -1 : 0;
}

static int read_scores(struct eval_table *t, struct eval_table_row *row)
{
	enum json_event e;
	TRY(json_enter_array(&t->json, "\"scores\""));
	row->n_scores = 0;
	while ((e = json_next_element(&t->json)) == JSON_NUMBER)
		TRY(eval_table_add_score(t, row, t->json.number));
	if (e == JSON_ERROR)
		return -1;
	return e == JSON_ARRAY_END ? 0 : json_fail(&t->json, "\"scores\" holds something that is not a number");
}

/* The object whose begin has been read. */
static int read_object(struct eval_table *t, struct eval_table_entry *entry)
{
	struct eval_table_row *row = &entry->row;
	bool has_id = false;
	int more;
	while ((more = json_next_key(&t->json)) == 1) {
		if (json_is(&t->json, "image_id")) {
			TRY(read_id(t, &row->id));
			has_id = true;
		} else if (json_is(&t->json, "label")) {
			TRY(read_label(t, row));
		} else if (json_is(&t->json, "scores")) {
			TRY(read_scores(t, row));
		} else if (json_is(&t->json, "ood_score")) {
			TRY(json_take_number(&t->json, "ood_score", &row->ood_score));
			row->has_ood_score = true;
		} else if (json_is(&t->json, "category_id")) {
			TRY(json_take_integer(&t->json, "category_id", &entry->category));
			entry->has_category = true;
		} else if (json_is(&t->json, "score")) {
			TRY(json_take_number(&t->json, "score", &entry->score));
			entry->has_score = true;
		} else {
			TRY(json_skip(&t->json));
		}
	}
	TRY(more);
	entry->has_category &= !row->has_label && row->n_scores == 0;
	return has_id ? 1 : json_fail(&t->json, "the object has no \"image_id\"");
}

/* One document a line: the reader is opened for each. */
static int next_line(struct eval_table *t, struct eval_table_entry *entry)
{
	int got;
	while ((got = eval_table_line(t)) == 1 && t->text[strspn(t->text, " \t")] == '\0')
		continue;
	if (got != 1)
		return got;
	TRY(json_open_memory(&t->json, t->text, strlen(t->text), t->path));
	got = json_enter_object(&t->json, "a line");
	if (got == 0)
		got = read_object(t, entry);
	if (got == 1 && json_next(&t->json) != JSON_END)
		got = -1;
	json_close(&t->json);
	t->json = (struct json_reader){ 0 };
	return got == 1 ? 1 : err_context("line %lld of '%s'", (long long)t->line, t->path);
}

const struct eval_table_format eval_table_lines = { .next = next_line };

static int next_element(struct eval_table *t, struct eval_table_entry *entry)
{
	enum json_event e = json_next_element(&t->json);
	if (e == JSON_ARRAY_END)
		return json_next(&t->json) == JSON_END ? 0 : -1;
	if (e == JSON_ERROR)
		return -1;
	t->line++;
	if (e != JSON_OBJECT_BEGIN)
		return json_fail(&t->json, "element %lld is not an object", (long long)t->line);
	return read_object(t, entry);
}

const struct eval_table_format eval_table_array = { .next = next_element };

int eval_table_array_open(struct eval_table *t)
{
	size_t size = 0, room = 1 << 16, got;
	t->text = malloc(room);
	while (t->text != NULL && (got = fread(t->text + size, 1, room - size, t->file)) > 0) {
		size += got;
		if (size < room)
			continue;
		room *= 2;
		char *larger = realloc(t->text, room);
		if (larger == NULL)
			free(t->text);
		t->text = larger;
	}
	if (t->text == NULL)
		return err_set("out of memory: '%s' is read as a whole; one object a line needs less", t->path);
	if (ferror(t->file))
		return err_errno("cannot read '%s'", t->path);
	t->format = &eval_table_array;
	t->line = -1;
	TRY(json_open_memory(&t->json, t->text, size, t->path));
	return json_enter_array(&t->json, "the table");
}
