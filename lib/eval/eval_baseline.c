/* The figures of an earlier run, read back from its JSON. */
#include "base/json_value.h"
#include "eval/eval_gate.h"

#include <math.h>
#include <string.h>

struct baseline {
	const struct eval_gates *gates;
	const struct eval_figures *figures;
	struct arena *arena;
	double *old;	/* [gates->n] NAN: not seen */
	int64_t n_images;	/* -1: not said */
	const char *type, *rule;
	int n_names;
	const char *name[EVAL_MAX_FIGURES];
	int n_values;
	double value[EVAL_MAX_FIGURES];
};

static int read_names(struct baseline *b, struct json_reader *j)
{
	enum json_event e;
	TRY(json_enter_array(j, "\"names\""));
	while ((e = json_next_element(j)) == JSON_STRING) {
		if (b->n_names == EVAL_MAX_FIGURES)
			return json_fail(j, "more than %d figures", EVAL_MAX_FIGURES);
		b->name[b->n_names] = arena_strdup(b->arena, j->text);
		if (b->name[b->n_names++] == NULL)
			return -1;
	}
	if (e == JSON_ERROR)
		return -1;
	return e == JSON_ARRAY_END ? 0 : json_fail(j, "a name in \"names\" must be a string");
}

static int read_values(struct baseline *b, struct json_reader *j)
{
	enum json_event e;
	TRY(json_enter_array(j, "\"stats\""));
	while ((e = json_next_element(j)) == JSON_NUMBER) {
		if (b->n_values == EVAL_MAX_FIGURES)
			return json_fail(j, "more than %d figures", EVAL_MAX_FIGURES);
		b->value[b->n_values++] = j->number;
	}
	if (e == JSON_ERROR)
		return -1;
	return e == JSON_ARRAY_END ? 0 : json_fail(j, "a figure in \"stats\" must be a number");
}

/* The column of this key when a limit is about it, or -1. */
static int wanted_column(const struct baseline *b, const struct json_reader *j)
{
	for (int i = 0; i < b->gates->n; i++) {
		const struct eval_gate *gate = &b->gates->gate[i];
		if (gate->figure < 0 && json_is(j, b->figures->column[gate->column].key))
			return gate->column;
	}
	return -1;
}

/* One class: its columns are looked at when its end is reached, because the name may come last. */
static int read_class(struct baseline *b, struct json_reader *j)
{
	const char *name = "";
	double value[EVAL_MAX_COLUMNS];
	int more;
	for (int c = 0; c < EVAL_MAX_COLUMNS; c++)
		value[c] = NAN;
	while ((more = json_next_key(j)) == 1) {
		if (json_is(j, "name")) {
			TRY(json_take_text(j, "name", &name, b->arena));
			continue;
		}
		int c = wanted_column(b, j);
		if (c >= 0)
			TRY(json_take_number(j, b->figures->column[c].key, &value[c]));
		else
			TRY(json_skip(j));
	}
	for (int i = 0; i < b->gates->n; i++) {
		const struct eval_gate *gate = &b->gates->gate[i];
		if (gate->figure < 0 && strcmp(b->figures->classes[gate->class].name, name) == 0)
			b->old[i] = value[gate->column];
	}
	return more;
}

static int read_classes(struct baseline *b, struct json_reader *j)
{
	enum json_event e;
	TRY(json_enter_array(j, "\"per_class\""));
	while ((e = json_next_element(j)) == JSON_OBJECT_BEGIN)
		TRY(read_class(b, j));
	if (e == JSON_ERROR)
		return -1;
	return e == JSON_ARRAY_END ? 0 : json_fail(j, "a class in \"per_class\" must be an object");
}

static int read_all(struct baseline *b, struct json_reader *j)
{
	int more;
	TRY(json_enter_object(j, "what evalap --json writes"));
	while ((more = json_next_key(j)) == 1) {
		if (json_is(j, "type"))
			TRY(json_take_text(j, "type", &b->type, b->arena));
		else if (json_is(j, "rule"))
			TRY(json_take_text(j, "rule", &b->rule, b->arena));
		else if (json_is(j, "images"))
			TRY(json_take_integer(j, "images", &b->n_images));
		else if (json_is(j, "names"))
			TRY(read_names(b, j));
		else if (json_is(j, "stats"))
			TRY(read_values(b, j));
		else if (json_is(j, "per_class"))
			TRY(read_classes(b, j));
		else
			TRY(json_skip(j));
	}
	if (more < 0)
		return -1;
	return json_next(j) == JSON_END ? 0 : -1;
}

static bool differ(const char *a, const char *b)
{
	return strcmp(a == NULL ? "coco" : a, b == NULL ? "coco" : b) != 0;
}

static int check(struct baseline *b, const char *path)
{
	if (b->type == NULL || b->n_names == 0 || b->n_names != b->n_values)
		return err_set("'%s' is not what evalap --json writes: \"type\", \"names\" and \"stats\" are wanted", path);
	if (strcmp(b->type, b->figures->type) != 0 || differ(b->rule, b->figures->rule))
		return err_set("'%s' was measured with -t %s --rule %s, not with -t %s --rule %s", path, b->type,
			       b->rule == NULL ? "coco" : b->rule, b->figures->type,
			       b->figures->rule == NULL ? "coco" : b->figures->rule);
	for (int i = 0; i < b->gates->n; i++) {
		const struct eval_gate *gate = &b->gates->gate[i];
		for (int n = 0; n < b->n_names && gate->figure >= 0; n++)
			if (strcmp(b->name[n], b->figures->figure[gate->figure].name) == 0)
				b->old[i] = b->value[n];
		if (isnan(b->old[i]))
			return err_set("'%s' has no figure '%s'", path, gate->name);
	}
	return 0;
}

int eval_gates_baseline(double *old, int64_t *n_images, const char *path, const struct eval_gates *gates,
			const struct eval_figures *figures, struct arena *a)
{
	struct baseline b = { .gates = gates, .figures = figures, .arena = a, .old = old, .n_images = -1 };
	struct json_reader j;
	for (int i = 0; i < gates->n; i++)
		old[i] = NAN;
	TRY(json_open(&j, path));
	int status = read_all(&b, &j);
	json_close(&j);
	TRY(status);
	*n_images = b.n_images;
	return check(&b, path);
}
