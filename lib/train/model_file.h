/*
 * model_file: model files made of other files: imported weights, the same model for other classes.
 */
#ifndef TRAIN_MODEL_FILE_H
#define TRAIN_MODEL_FILE_H

#include "train/checkpoint.h"
#include "train/weight_import.h"

struct model_file_plan {
	const char *model;
	const char *preset;
	int anchor_size;
	const char *classes;	/* "a,b,c", or */
	const char *classes_from;	/* a file that class_list_read() knows; both NULL: as many as the file has, numbered */
	bool rows_by_id;	/* the file's rows are ids from 0 */
	const char *size, *scheme;	/* of the preprocessing; NULL: not said */
	double norm_eps;	/* that the weights' batch norms were made for; negative: the model's */
	uint64_t seed;	/* of what the file does not have */
	struct weight_rules rules;
};

/*
 * Write the model file `to` from the weights of `from`. It is not written when the report has refused something; the
 * caller releases the report when this returns 0.
 * Error: a plan that makes no sense; files that cannot be read or written.
 */
int model_file_import(const char *to, const char *from, const struct model_file_plan *plan, struct weight_report *report) MUST_CHECK;

/*
 * The tensors of a file that are the model's: all, or of a training state its values, with ema its averages where it has
 * them. items has room for all. Their number, or -1: averages are wanted and there are none.
 */
int model_file_select(struct safetensors_item *items, const struct safetensors *s, bool ema);

/* Error: model, classes or preset of the two files are not the same, as far as they say. */
int model_file_check_alike(const struct safetensors *a, const struct safetensors *b) MUST_CHECK;

/*
 * Write the model of `from` for other classes: rows of those of the same name stay, the others start at random. *report has a
 * line for each part of the model, in memory of the arena.
 */
int model_file_set_classes(const char *to, const char *from, const char *classes, const char *classes_from, uint64_t seed,
			   const char **report, struct arena *a) MUST_CHECK;

#endif
