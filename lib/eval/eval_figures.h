/*
 * eval_figures: what an evaluation found, in one shape for every report: a few named figures, and some more for each
 * class.
 *
 *     out->type = "bbox";
 *     eval_figures_add(out, "mAP", "mean average precision", value);
 *     eval_figures_shares(out, "AP", ap);
 *     eval_figures_print(stdout, out, true);
 *
 * -1 stands for "nothing it could be measured on". Names and arrays belong to the evaluation's arena.
 */
#ifndef EVAL_EVAL_FIGURES_H
#define EVAL_EVAL_FIGURES_H

#include "base/json.h"
#include "stream/stream.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { EVAL_MAX_FIGURES = 24, EVAL_MAX_COLUMNS = 32, EVAL_MAX_COUNTS = 6 };

struct eval_figure {
	const char *name;	/* "mAP": the key for programs */
	const char *meaning;	/* for people */
	double value;	/* in [0, 1], or -1 */
};

/* One figure of every class: a number of things, or a share in [0, 1] or -1; the other is NULL. */
struct eval_column {
	const char *key;
	const int64_t *number;	/* [n_classes] */
	const double *share;	/* [n_classes] */
};

struct eval_count {
	const char *key;	/* "images" */
	int64_t n;
};

struct eval_figures {
	const char *type;	/* as given to -t */
	const char *rule;	/* as given to --rule; NULL: the type has only one */
	int n;
	struct eval_figure figure[EVAL_MAX_FIGURES];
	int n_counts;
	struct eval_count count[EVAL_MAX_COUNTS];
	int32_t n_classes;
	const struct category *classes;	/* [n_classes] */
	int n_columns;
	struct eval_column column[EVAL_MAX_COLUMNS];
};

/* Append one; there is room for what the evaluations have (programmers' mistake otherwise). */
void eval_figures_add(struct eval_figures *f, const char *name, const char *meaning, double value);
void eval_figures_count(struct eval_figures *f, const char *key, int64_t n);
void eval_figures_numbers(struct eval_figures *f, const char *key, const int64_t *number);
void eval_figures_shares(struct eval_figures *f, const char *key, const double *share);

/* A line a figure, " meaning  (name) = 0.505"; with per_class a table of the classes too, shares in percent, "-" for -1. */
void eval_figures_print(FILE *file, const struct eval_figures *f, bool per_class);

/*
 * {"type", "rule", "names": [...], "stats": [...], counts by their keys, "per_class": [{"id", "name", columns}]};
 * doubles in full. Ends with a new line.
 */
void eval_figures_json(FILE *file, const struct eval_figures *f);

/* The keys of it alone, in an open object. */
void eval_figures_put(struct json_writer *w, const struct eval_figures *f);

/*
 * A line of names, "category,id,...": the figures that no column is called like, and the columns; a line for the whole, category
 * "all" without an id; a line a class. Empty where there is nothing; doubles in full.
 */
void eval_figures_csv(FILE *file, const struct eval_figures *f);

#endif
