/*
 * eval_table: what is said of whole images, a row each: labels, scores of classes, a score of being out of distribution.
 *
 * A table is CSV with a header line; JSON, one object a line or one array of objects; or a stream or pack of samples (their
 * class_label) or detections (their class_scores). In CSV the columns image_id, label and ood_score have these meanings; in a
 * table without a label all other columns are the scores of the classes they are named after. In JSON the keys are
 * image_id, label, scores (an array) and ood_score; others are passed over. JSON may also have category_id and score, an object for
 * each image and category: those of an image, one after the other, are one row.
 *
 *     struct eval_table t;
 *     struct eval_table_row row;
 *     TRY(eval_table_open(&t, "found.csv", &arena));
 *     while ((got = eval_table_next(&t, &row)) == 1)
 *             ...;            // row lives until the next call; ids and labels as the arena
 *     eval_table_close(&t);
 */
#ifndef EVAL_EVAL_TABLE_H
#define EVAL_EVAL_TABLE_H

#include "base/arena.h"
#include "base/json.h"
#include "record/sample.h"
#include "stream/stream.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct eval_table_row {
	struct sample_id id;
	bool has_label;	/* the table says what the image shows, or that it is of no class (label -1, null or empty) */
	const char *name;	/* the class, or NULL */
	int64_t label;	/* its number; -1: none or only the name is known */
	int64_t n_scores;
	const double *scores;	/* finite; NULL: none */
	const int64_t *category;	/* [n_scores] ids of the categories that the scores are of; NULL: of all classes, in their order */
	bool has_ood_score;
	double ood_score;	/* finite */
};

/* What is said in one place: a row, or a part of one. */
struct eval_table_entry {
	struct eval_table_row row;
	int64_t line;
	bool has_category, has_score;
	int64_t category;
	double score;
};

struct eval_table {
	const char *path;	/* for messages */
	struct arena *arena;
	int64_t line;	/* of the row, from 1; of streams the record, from 0 */
	/* Names of the classes that scores belong to; NULL: not known. */
	int64_t n_names;
	const char **names;
	/* Of samples: what their labels are numbers in. */
	int32_t n_categories;
	const struct category *categories;

	/* The rest is the reader's own. */
	const struct eval_table_format *format;
	int hold;	/* see eval_format_of() */
	FILE *file;
	char *text;	/* the line */
	size_t room;
	const char **field;	/* [n_columns] of the line */
	const char **column;	/* [n_columns] of the header line */
	int64_t n_columns, room_columns;
	bool labelled;	/* CSV: has a column "label" */
	struct json_reader json;
	struct stream_reader reader;
	struct arena record;
	double *scores;
	int64_t room_scores;
	/* Of objects for an image and a category each. */
	int64_t n_rows;	/* so far */
	bool by_category;	/* the first row was of such */
	int64_t *category;
	int64_t room_categories;
	bool has_ahead, ended;
	struct eval_table_entry ahead;	/* the first of the next row */
};

/* Error: cannot open; empty; a header line without image_id or with a name twice; a stream of another kind. */
int eval_table_open(struct eval_table *t, const char *path, struct arena *a) MUST_CHECK;

/* 1: a row; 0: the end; -1: error, naming the line. */
int eval_table_next(struct eval_table *t, struct eval_table_row *row) MUST_CHECK;

/* Set the message to "path:line: ..." and return -1. */
int eval_table_fail(const struct eval_table *t, const char *format, ...) PRINTF_LIKE(2, 3);

void eval_table_close(struct eval_table *t);

/* What the files below share: how one format is read. */
struct eval_table_format {
	int (*next)(struct eval_table *t, struct eval_table_entry *entry);
};

extern const struct eval_table_format eval_table_csv, eval_table_lines, eval_table_array;

/* The next line of the file into t->text without its end; 1, 0 at the end, -1. */
int eval_table_line(struct eval_table *t);

/* The rest of the file, or the header of the stream, before the first row. */
int eval_table_csv_open(struct eval_table *t) MUST_CHECK;
int eval_table_array_open(struct eval_table *t) MUST_CHECK;
int eval_table_stream_open(struct eval_table *t) MUST_CHECK;

/* Append a score of the row. */
int eval_table_add_score(struct eval_table *t, struct eval_table_row *row, double score) MUST_CHECK;

#endif
