/*
 * eval_files: reports that are files of their own. Each appears whole or not at all; a name that ends in .json gets JSON,
 * any other comma-separated values with a line of names (RFC 4180).
 */
#ifndef EVAL_EVAL_FILES_H
#define EVAL_EVAL_FILES_H

#include "base/error.h"
#include "eval/eval_outcome.h"
#include "eval/eval_set.h"

#include <stdint.h>

/* {"person": 0.42, ...}, JSON whatever the name; classes whose threshold is NAN are left out. Error: a name that comes twice; writing. */
int eval_write_thresholds(const char *path, const struct eval_set *set, const double *threshold) MUST_CHECK;

/*
 * The cells of eval_confusion_make(), rows first. CSV: a line a row, its class first. JSON: {"iou", "classes", "cells"}, the last
 * class being "background".
 */
int eval_write_confusion(const char *path, const struct eval_set *set, const int64_t *cell, double iou) MUST_CHECK;

/* One image. */
struct eval_image_row {
	int32_t image;
	double ap, ap50;	/* -1: nothing to find */
	struct eval_counts counts;
};

/* The worst image first: by AP, then by the number of mistakes. Sorts the rows [set->n_images]. */
int eval_write_images(const char *path, const struct eval_set *set, struct eval_image_row *rows) MUST_CHECK;

#endif
