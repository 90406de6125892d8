#include "eval/eval_gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The next "name=number" of a list, or a number alone (size 0). */
struct item {
	const char *name;
	size_t size;
	double limit;
	const char *rest;	/* NULL: the last one */
};

/* The number at text when it ends the item there. */
static bool read_limit(struct item *item, const char *text)
{
	char *end;
	double limit = strtod(text, &end);
	if (end == text || (*end != '\0' && *end != ',') || !isfinite(limit))
		return false;
	item->limit = limit;
	item->rest = *end == ',' ? end + 1 : NULL;
	return true;
}

static int next_item(struct item *item, const char *list)
{
	*item = (struct item){ .name = list };
	bool read = read_limit(item, list);
	for (const char *sign = strchr(list, '='); sign != NULL && !read; sign = strchr(sign + 1, '=')) {
		item->size = (size_t)(sign - list);
		read = item->size > 0 && read_limit(item, sign + 1);
	}
	if (!read)
		return err_set("'%s' is not a list like AP=0.40,AP50.person=0.55", list);
	if (item->limit < 0 || item->limit > 1)
		return err_set("the limit of '%.*s' must be between 0 and 1, not %g", (int)(item->rest == NULL ? strlen(list) :
			(size_t)(item->rest - list - 1)), list, item->limit);
	return 0;
}

static bool same(const char *name, size_t size, const char *text)
{
	return strlen(text) == size && memcmp(name, text, size) == 0;
}

/* "AP, AP50, ... and, with a class, AP.person" */
static int fail_unknown(const struct eval_figures *f, const char *name, size_t size)
{
	char known[2048];
	size_t used = 0;
	known[0] = '\0';
	for (int i = 0; i < f->n && used < sizeof known; i++)
		used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", f->figure[i].name);
	for (int c = 0, n = 0; c < f->n_columns && used < sizeof known; c++)
		if (f->column[c].share != NULL)
			used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
						 n++ > 0 ? ", " : "; of a class (FIGURE.CLASS) ", f->column[c].key);
	for (int32_t k = 0; k < f->n_classes && k < 100 && used < sizeof known; k++)
		used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", k > 0 ? ", " : "; classes ",
					 f->classes[k].name == NULL ? "" : f->classes[k].name);
	if (f->n_classes > 100 && used < sizeof known)
		snprintf(known + used, sizeof known - used, ", and %d more", f->n_classes - 100);
	err_set("there is no figure '%.*s'; known are %s", (int)size, name, known);
	return EVAL_GATE_WRONG;
}

/* 0: there is one, or none and class is -1; or EVAL_GATE_WRONG. */
static int find_class(struct eval_gate *gate, const struct eval_figures *f, const char *name, size_t size)
{
	gate->class = -1;
	for (int32_t k = 0; k < f->n_classes; k++) {
		if (f->classes[k].name == NULL || !same(name, size, f->classes[k].name))
			continue;
		if (gate->class >= 0) {
			err_set("two classes are called '%.*s'", (int)size, name);
			return EVAL_GATE_WRONG;
		}
		gate->class = k;
	}
	return 0;
}

static int find_figure(struct eval_gate *gate, const struct eval_figures *f, const char *name, size_t size)
{
	gate->figure = -1;
	for (int i = 0; i < f->n; i++)
		if (same(name, size, f->figure[i].name)) {
			gate->figure = i;
			return 0;
		}
	for (int c = 0; c < f->n_columns; c++) {
		size_t n = strlen(f->column[c].key);
		if (f->column[c].share == NULL || size < n + 1 || name[n] != '.' || !same(name, n, f->column[c].key))
			continue;
		int status = find_class(gate, f, name + n + 1, size - n - 1);
		gate->column = c;
		if (status != 0 || gate->class >= 0)
			return status;
	}
	return fail_unknown(f, name, size);
}

int eval_gates_parse(struct eval_gates *gates, const char *list, const struct eval_figures *figures, struct arena *a)
{
	struct item item;
	size_t most = 1;
	for (const char *c = list; *c != '\0'; c++)
		most += *c == ',';
	*gates = (struct eval_gates){ .gate = arena_calloc(a, most, sizeof *gates->gate) };
	if (gates->gate == NULL)
		return -1;
	for (; list != NULL; list = item.rest) {
		if (next_item(&item, list) != 0)
			return EVAL_GATE_WRONG;
		struct eval_gate *gate = &gates->gate[gates->n++];
		if (item.size == 0) {
			gate->name = figures->figure[0].name;
			gate->limit = item.limit;
			continue;
		}
		int status = find_figure(gate, figures, item.name, item.size);
		if (status != 0)
			return status;
		gate->name = arena_strndup(a, item.name, item.size);
		gate->limit = item.limit;
		if (gate->name == NULL)
			return -1;
	}
	return 0;
}

static double value_of(const struct eval_gate *gate, const struct eval_figures *f)
{
	return gate->figure >= 0 ? f->figure[gate->figure].value : f->column[gate->column].share[gate->class];
}

int eval_gates_apply(const struct eval_gates *gates, const struct eval_figures *figures, const double *old,
		     eval_warn_function *tell)
{
	/* What is only rounding breaks no limit: 0.502 - 0.5 is more than 0.002 in doubles. */
	const double rounding = 1e-12;
	int broken = 0;
	for (int i = 0; i < gates->n; i++) {
		const struct eval_gate *gate = &gates->gate[i];
		double value = value_of(gate, figures);
		bool measured = value > -1 && (old == NULL || old[i] > -1);
		bool kept = old == NULL ? value >= gate->limit - rounding : old[i] - value <= gate->limit + rounding;
		if (measured && kept)
			continue;
		broken++;
		if (value <= -1 || isnan(value))
			tell("%s could not be measured: nothing has to be found", gate->name);
		else if (!measured)
			tell("%s is %.6g, and the baseline could not measure it", gate->name, value);
		else if (old == NULL)
			tell("%s is %.6g, below the limit %.6g", gate->name, value, gate->limit);
		else
			tell("%s is %.6g, %.6g below the baseline's %.6g; the limit is %.6g", gate->name, value, old[i] - value,
			     old[i], gate->limit);
	}
	return broken;
}

static int check_form(const char *option, const char *list)
{
	struct item item;
	for (; list != NULL; list = item.rest)
		if (next_item(&item, list) != 0)
			return err_context("in %s", option);
	return 0;
}

int eval_gates_check(const struct eval_gate_options *o)
{
	if ((o->baseline == NULL) != (o->max_drop == NULL))
		return err_set("--baseline and --max-drop go together");
	TRY(check_form("--fail-under", o->fail_under));
	return check_form("--max-drop", o->max_drop);
}

int eval_gates_hold(int *broken, const struct eval_gate_options *o, const struct eval_figures *figures,
		    eval_warn_function *tell, struct arena *a)
{
	struct eval_gates gates;
	int status;
	*broken = 0;
	if (o->fail_under != NULL) {
		if ((status = eval_gates_parse(&gates, o->fail_under, figures, a)) != 0)
			return status;
		*broken += eval_gates_apply(&gates, figures, NULL, tell);
	}
	if (o->baseline == NULL)
		return 0;
	if ((status = eval_gates_parse(&gates, o->max_drop, figures, a)) != 0)
		return status;
	int64_t n_images;
	double *old = arena_calloc(a, (size_t)gates.n, sizeof *old);
	if (old == NULL)
		return -1;
	TRY(eval_gates_baseline(old, &n_images, o->baseline, &gates, figures, a));
	for (int i = 0; i < figures->n_counts; i++)
		if (strcmp(figures->count[i].key, "images") == 0 && n_images >= 0 && n_images != figures->count[i].n)
			tell("the baseline was measured on %lld images, this on %lld", (long long)n_images,
			     (long long)figures->count[i].n);
	*broken += eval_gates_apply(&gates, figures, old, tell);
	return 0;
}
