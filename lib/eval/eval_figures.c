#include "eval/eval_figures.h"

#include "eval/eval_cell.h"

#include <assert.h>
#include <string.h>

void eval_figures_add(struct eval_figures *f, const char *name, const char *meaning, double value)
{
	assert(f->n < EVAL_MAX_FIGURES);
	f->figure[f->n++] = (struct eval_figure){ name, meaning, value };
}

void eval_figures_count(struct eval_figures *f, const char *key, int64_t n)
{
	assert(f->n_counts < EVAL_MAX_COUNTS);
	f->count[f->n_counts++] = (struct eval_count){ key, n };
}

void eval_figures_numbers(struct eval_figures *f, const char *key, const int64_t *number)
{
	assert(f->n_columns < EVAL_MAX_COLUMNS);
	f->column[f->n_columns++] = (struct eval_column){ .key = key, .number = number };
}

void eval_figures_shares(struct eval_figures *f, const char *key, const double *share)
{
	assert(f->n_columns < EVAL_MAX_COLUMNS);
	f->column[f->n_columns++] = (struct eval_column){ .key = key, .share = share };
}

static int wider(int width, const char *text)
{
	return (int)strlen(text) > width ? (int)strlen(text) : width;
}

static void print_classes(FILE *file, const struct eval_figures *f)
{
	int width = eval_class_width(f->classes, f->n_classes);
	fprintf(file, " %-*s", width, "category");
	for (int c = 0; c < f->n_columns; c++)
		fprintf(file, " %*s", wider(8, f->column[c].key), f->column[c].key);
	fputc('\n', file);
	for (int32_t k = 0; k < f->n_classes; k++) {
		eval_put_class(file, width, &f->classes[k]);
		for (int c = 0; c < f->n_columns; c++) {
			const struct eval_column *column = &f->column[c];
			if (column->number != NULL)
				fprintf(file, " %*lld", wider(8, column->key), (long long)column->number[k]);
			else
				eval_put_percent(file, wider(8, column->key), column->share[k]);
		}
		fputc('\n', file);
	}
}

void eval_figures_print(FILE *file, const struct eval_figures *f, bool per_class)
{
	int meaning = 0, name = 0;
	for (int i = 0; i < f->n; i++) {
		meaning = wider(meaning, f->figure[i].meaning);
		name = wider(name, f->figure[i].name);
	}
	for (int i = 0; i < f->n; i++)
		fprintf(file, " %-*s (%s)%*s = %.3f\n", meaning, f->figure[i].meaning, f->figure[i].name,
			name - (int)strlen(f->figure[i].name), "", f->figure[i].value);
	if (per_class)
		print_classes(file, f);
}

static void put_classes(struct json_writer *w, const struct eval_figures *f)
{
	json_put_array(w);
	for (int32_t k = 0; k < f->n_classes; k++) {
		json_put_object(w);
		json_put_integer_of(w, "id", f->classes[k].id);
		json_put_string_of(w, "name", f->classes[k].name == NULL ? "" : f->classes[k].name);
		for (int c = 0; c < f->n_columns; c++) {
			json_put_key(w, f->column[c].key);
			if (f->column[c].number != NULL)
				json_put_integer(w, f->column[c].number[k]);
			else
				json_put_double(w, f->column[c].share[k]);
		}
		json_put_end(w, '}');
	}
	json_put_end(w, ']');
}

void eval_figures_put(struct json_writer *w, const struct eval_figures *f)
{
	json_put_string_of(w, "type", f->type);
	if (f->rule != NULL) {
		json_put_string_of(w, "rule", f->rule);
	}
	json_put_key(w, "names");
	json_put_array(w);
	for (int i = 0; i < f->n; i++)
		json_put_string(w, f->figure[i].name);
	json_put_end(w, ']');
	json_put_key(w, "stats");
	json_put_array(w);
	for (int i = 0; i < f->n; i++)
		json_put_double(w, f->figure[i].value);
	json_put_end(w, ']');
	for (int i = 0; i < f->n_counts; i++) {
		json_put_integer_of(w, f->count[i].key, f->count[i].n);
	}
	json_put_key(w, "per_class");
	put_classes(w, f);
}

void eval_figures_json(FILE *file, const struct eval_figures *f)
{
	struct json_writer w;
	json_writer_init(&w, file);
	json_put_object(&w);
	eval_figures_put(&w, f);
	json_put_end(&w, '}');
	fputc('\n', file);
}

static void put_share(FILE *file, double share)
{
	struct json_writer w;
	fputc(',', file);
	json_writer_init(&w, file);
	if (share > -1)
		json_put_double(&w, share);
}

/* The figure of this name, or -1. */
static double named(const struct eval_figures *f, const char *name)
{
	for (int i = 0; i < f->n; i++)
		if (strcmp(f->figure[i].name, name) == 0)
			return f->figure[i].value;
	return -1;
}

static bool has_column(const struct eval_figures *f, const char *key)
{
	for (int c = 0; c < f->n_columns; c++)
		if (strcmp(f->column[c].key, key) == 0)
			return true;
	return false;
}

static void put_class(FILE *file, const struct eval_figures *f, int32_t k)
{
	char text[32];
	eval_put_csv(file, eval_class_name(&f->classes[k], text));
	fprintf(file, ",%lld", (long long)f->classes[k].id);
	for (int i = 0; i < f->n; i++)
		if (!has_column(f, f->figure[i].name))
			fputc(',', file);
	for (int c = 0; c < f->n_columns; c++) {
		if (f->column[c].number != NULL)
			fprintf(file, ",%lld", (long long)f->column[c].number[k]);
		else
			put_share(file, f->column[c].share[k]);
	}
	fputc('\n', file);
}

void eval_figures_csv(FILE *file, const struct eval_figures *f)
{
	fputs("category,id", file);
	for (int i = 0; i < f->n; i++)
		if (!has_column(f, f->figure[i].name))
			fprintf(file, ",%s", f->figure[i].name);
	for (int c = 0; c < f->n_columns; c++)
		fprintf(file, ",%s", f->column[c].key);
	fputs("\nall,", file);
	for (int i = 0; i < f->n; i++)
		if (!has_column(f, f->figure[i].name))
			put_share(file, f->figure[i].value);
	for (int c = 0; c < f->n_columns; c++)
		put_share(file, named(f, f->column[c].key));
	fputc('\n', file);
	for (int32_t k = 0; k < f->n_classes; k++)
		put_class(file, f, k);
}
