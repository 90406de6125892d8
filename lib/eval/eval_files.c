#include "eval/eval_files.h"

#include "base/io.h"
#include "base/json.h"
#include "eval/eval_cell.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool wants_json(const char *path)
{
	size_t n = strlen(path);
	return n >= 5 && strcmp(path + n - 5, ".json") == 0;
}

static const char *class_name(const struct eval_set *set, int32_t k, char text[32])
{
	if (k == set->n_categories)
		return "background";
	return eval_class_name(&set->categories[k], text);
}

int eval_write_thresholds(const char *path, const struct eval_set *set, const double *threshold)
{
	struct atomic_file f;
	struct json_writer w;
	char text[32], other[32];
	for (int32_t k = 0; k < set->n_categories; k++)
		for (int32_t l = 0; l < k; l++)
			if (strcmp(class_name(set, k, text), class_name(set, l, other)) == 0)
				return err_set("thresholds go by name, and two categories are called '%s'", class_name(set, k, text));
	TRY(atomic_fopen(&f, path));
	json_writer_init(&w, f.file);
	json_put_object(&w);
	for (int32_t k = 0; k < set->n_categories; k++) {
		if (isnan(threshold[k]))
			continue;
		json_put_double_of(&w, class_name(set, k, text), threshold[k]);
	}
	json_put_end(&w, '}');
	fputc('\n', f.file);
	return atomic_commit(&f);
}

static void confusion_csv(FILE *file, const struct eval_set *set, const int64_t *cell)
{
	char text[32];
	int32_t n = set->n_categories + 1;
	fputs("truth", file);
	for (int32_t k = 0; k < n; k++) {
		fputc(',', file);
		eval_put_csv(file, class_name(set, k, text));
	}
	fputc('\n', file);
	for (int32_t row = 0; row < n; row++) {
		eval_put_csv(file, class_name(set, row, text));
		for (int32_t k = 0; k < n; k++)
			fprintf(file, ",%" PRId64, cell[(int64_t)row * n + k]);
		fputc('\n', file);
	}
}

static void confusion_json(FILE *file, const struct eval_set *set, const int64_t *cell, double iou)
{
	struct json_writer w;
	char text[32];
	int32_t n = set->n_categories + 1;
	json_writer_init(&w, file);
	json_put_object(&w);
	json_put_double_of(&w, "iou", iou);
	json_put_key(&w, "classes");
	json_put_array(&w);
	for (int32_t k = 0; k < n; k++)
		json_put_string(&w, class_name(set, k, text));
	json_put_end(&w, ']');
	json_put_key(&w, "cells");
	json_put_array(&w);
	for (int32_t row = 0; row < n; row++) {
		json_put_array(&w);
		for (int32_t k = 0; k < n; k++)
			json_put_integer(&w, cell[(int64_t)row * n + k]);
		json_put_end(&w, ']');
	}
	json_put_end(&w, ']');
	json_put_end(&w, '}');
	fputc('\n', file);
}

int eval_write_confusion(const char *path, const struct eval_set *set, const int64_t *cell, double iou)
{
	struct atomic_file f;
	TRY(atomic_fopen(&f, path));
	if (wants_json(path))
		confusion_json(f.file, set, cell, iou);
	else
		confusion_csv(f.file, set, cell);
	return atomic_commit(&f);
}

static int compare_rows(const void *a, const void *b)
{
	const struct eval_image_row *x = a, *y = b;
	if ((x->ap < 0) != (y->ap < 0))
		return x->ap < 0 ? 1 : -1;
	if (x->ap != y->ap)
		return x->ap < y->ap ? -1 : 1;
	int64_t m = x->counts.n_false + x->counts.n_missed, n = y->counts.n_false + y->counts.n_missed;
	if (m != n)
		return m > n ? -1 : 1;
	return (x->image > y->image) - (x->image < y->image);
}

/* A figure, or nothing where there is none. */
static void put_share(FILE *file, double x)
{
	if (x < 0)
		fputc(',', file);
	else
		fprintf(file, ",%.6f", x);
}

static void images_csv(FILE *file, const struct eval_set *set, const struct eval_image_row *rows)
{
	char text[128];
	fputs("image,AP,AP50,TP,FP,FN,precision,recall,F1\n", file);
	for (int32_t i = 0; i < set->n_images; i++) {
		const struct eval_counts *c = &rows[i].counts;
		eval_put_csv(file, sample_id_text(&set->images[rows[i].image], text));
		put_share(file, rows[i].ap);
		put_share(file, rows[i].ap50);
		fprintf(file, ",%" PRId64 ",%" PRId64 ",%" PRId64, c->n_true, c->n_false, c->n_missed);
		put_share(file, c->precision);
		put_share(file, c->recall);
		put_share(file, c->f1);
		fputc('\n', file);
	}
}

static void images_json(FILE *file, const struct eval_set *set, const struct eval_image_row *rows)
{
	struct json_writer w;
	json_writer_init(&w, file);
	json_put_array(&w);
	for (int32_t i = 0; i < set->n_images; i++) {
		const struct eval_counts *c = &rows[i].counts;
		const struct sample_id *id = &set->images[rows[i].image];
		json_put_object(&w);
		json_put_key(&w, "image");
		if (id->text != NULL)
			json_put_string(&w, id->text);
		else
			json_put_integer(&w, id->number);
		json_put_double_of(&w, "AP", rows[i].ap);
		json_put_double_of(&w, "AP50", rows[i].ap50);
		json_put_integer_of(&w, "TP", c->n_true);
		json_put_integer_of(&w, "FP", c->n_false);
		json_put_integer_of(&w, "FN", c->n_missed);
		json_put_double_of(&w, "precision", c->precision);
		json_put_double_of(&w, "recall", c->recall);
		json_put_double_of(&w, "F1", c->f1);
		json_put_end(&w, '}');
	}
	json_put_end(&w, ']');
	fputc('\n', file);
}

int eval_write_images(const char *path, const struct eval_set *set, struct eval_image_row *rows)
{
	struct atomic_file f;
	qsort(rows, (size_t)set->n_images, sizeof *rows, compare_rows);
	TRY(atomic_fopen(&f, path));
	if (wants_json(path))
		images_json(f.file, set, rows);
	else
		images_csv(f.file, set, rows);
	return atomic_commit(&f);
}
