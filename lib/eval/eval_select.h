/*
 * eval_select: evaluate some images or some classes only, or all classes as one.
 */
#ifndef EVAL_EVAL_SELECT_H
#define EVAL_EVAL_SELECT_H

#include "base/error.h"
#include "eval/eval_set.h"

#include <stdbool.h>

struct eval_selection {
	const char *images;	/* "7,9,12" or "@FILE", a file of ids with white space between them; NULL: all */
	const char *classes;	/* "person,18": names, or ids where there is no such name; NULL: all */
	bool agnostic;	/* all (selected) classes are one */
};

/*
 * Narrow the set: between eval_read_truth() and eval_read_results(). Objects of other images and classes are left out and not
 * counted anywhere; images and categories are numbered anew. With agnostic there is one category, of id -1 and name "all", and
 * of equal scores in an image the class of the lower id comes first, as in pycocotools with useCats = 0.
 * Error: an image or class that the ground truth does not have; none at all; a file that cannot be read.
 */
int eval_select(struct eval_set *set, const struct eval_selection *selection) MUST_CHECK;

#endif
