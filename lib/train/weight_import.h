/*
 * weight_import: tensors of a file, whoever wrote it, into a model of ours, and an account of what does not fit.
 *
 *     struct weight_report report;
 *     TRY(weight_import(&model, &file, &rules, &report));
 *     ... report.n_refused > 0: nothing may be made of the model; the lines say why
 *     weight_report_release(&report);
 */
#ifndef TRAIN_WEIGHT_IMPORT_H
#define TRAIN_WEIGHT_IMPORT_H

#include "base/options.h"
#include "model/model.h"
#include "stream/safetensors.h"

struct weight_rules {
	const char *prefix;	/* of the names in the file; NULL: the one with which most names fit */
	bool backbone;	/* the file is a bare backbone, or a classifier, whose last layer is dropped */
	/* Names as in the shell's patterns: what the file need not have, may have besides, may have in another shape. */
	const struct option_list *missing, *extra, *mismatch;
	/* Rows of the class layer: class i takes row rows[i] of n_rows; NULL: the rows as they are. */
	const int64_t *rows;
	int64_t n_rows;
	double add_to_var;	/* to all running variances: what the weights' own eps is above the model's */
};

struct weight_line {
	const char *text;	/* "missing: fc.bias [10]" */
	bool allowed;
};

struct weight_report {
	struct arena arena;
	const char *prefix;
	int n_copied;	/* parameters that come from the file */
	int n_kept;	/* that stay as they were */
	int n_outside;	/* tensors of the file that do not have the prefix */
	int n_refused;
	int n_lines;
	int64_t room;
	struct weight_line *lines;
};

/*
 * Copy; floating-point types become f32. Counters of batch norms may be missing or extra, as in PyTorch.
 * Error: two prefixes fit alike; memory. What does not fit is in the report.
 */
int weight_import(struct model *m, const struct safetensors *file, const struct weight_rules *rules,
		  struct weight_report *report) MUST_CHECK;

void weight_report_release(struct weight_report *report);

/*
 * How many rows for each class the file's class layer has under the rules' prefix, or the one found; the model is only
 * looked at for names. -1: the file has no such layer.
 */
int64_t weight_import_rows(const struct model *m, const struct safetensors *file, const struct weight_rules *rules);

#endif
