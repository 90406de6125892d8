/*
 * eval_lookup: from the ids of images and categories to the numbers they are evaluated under.
 *
 * All ids of the ground truth are in it, also those that are not evaluated (see eval_select()).
 */
#ifndef EVAL_EVAL_LOOKUP_H
#define EVAL_EVAL_LOOKUP_H

#include "base/arena.h"
#include "base/error.h"
#include "record/sample.h"
#include "stream/stream.h"

#include <stdint.h>

enum {
	EVAL_UNKNOWN = -1,	/* not in the ground truth */
	EVAL_NOT_SELECTED = -2,	/* there, but left out by the user's wish */
};

struct eval_lookup {
	int32_t n_images, n_categories;
	const struct sample_id *images;	/* ascending: integers, then texts in byte order */
	const struct category *categories;	/* ascending by id */
	int32_t *image_number;	/* [n_images] the number, or EVAL_NOT_SELECTED */
	int32_t *category_number;	/* [n_categories] */

	/* Integer ids that lie close enough together: position + 1 of first_id + i in images, or 0. */
	int64_t first_id, n_dense;
	int32_t *dense;
};

/* Images and categories are sorted as above, and all are selected: numbers are positions. Borrows both. Error: memory. */
int eval_lookup_make(struct eval_lookup *lookup, const struct sample_id *images, int32_t n_images,
		     const struct category *categories, int32_t n_categories, struct arena *a) MUST_CHECK;

/* The position in images or categories, or -1. */
int32_t eval_lookup_image(const struct eval_lookup *lookup, const struct sample_id *id);
int32_t eval_lookup_category(const struct eval_lookup *lookup, int64_t id);

/* Integers before texts; texts in byte order. */
int eval_compare_ids(const void *a, const void *b);

#endif
