/*
 * feature_set: all records of a stream of features as one matrix.
 *
 *     struct feature_set train;
 *     TRY(feature_set_read(&train, "train.features"));
 *     feature_set_release(&train);
 */
#ifndef PROBE_FEATURE_SET_H
#define PROBE_FEATURE_SET_H

#include "base/arena.h"
#include "stream/stream.h"

struct feature_set {
	struct arena arena;
	const char *path;
	int64_t n, d;
	double *x;	/* [n d] */
	int32_t *labels;	/* [n] indices into categories */
	int n_categories;
	const struct category *categories;
};

/* Error: no features; records of different length; a record without class_label. */
int feature_set_read(struct feature_set *s, const char *path) MUST_CHECK;
void feature_set_release(struct feature_set *s);

/*
 * Let the labels of `other` count the categories of s, by their names. Error: other lengths of features; a class that other
 * uses and s does not have.
 */
int feature_set_match(struct feature_set *other, const struct feature_set *s) MUST_CHECK;

#endif
