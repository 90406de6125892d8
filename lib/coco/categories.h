/*
 * categories: the classes of a data set while it is opened.
 */
#ifndef COCO_CATEGORIES_H
#define COCO_CATEGORIES_H

#include "coco/dataset.h"

/* Append one to d->categories. Error: memory. */
int categories_add(struct dataset *d, const struct category *category) MUST_CHECK;

/* Append one with the next id, 1, 2, ...; the name is kept as it is. Error: memory. */
int categories_add_name(struct dataset *d, const char *name) MUST_CHECK;

/* Append the names of "a,b,c" (see dataset_check_options()). Error: memory. */
int categories_add_list(struct dataset *d, const char *list) MUST_CHECK;

/* Append all n names there are, sorted, each of them once; names is sorted in place. Error: memory. */
int categories_add_sorted(struct dataset *d, const char **names, int64_t n) MUST_CHECK;

#endif
