/*
 * eval_kept: the matches of an evaluation, small enough to be gone through a thousand times.
 *
 * Matching an image does not depend on the others, so whatever is asked of a part of the images, or of images that count
 * several times, is answered by accumulating these again.
 */
#ifndef EVAL_EVAL_KEPT_H
#define EVAL_EVAL_KEPT_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"

#include <stdint.h>

/* A detection that counts at some threshold. */
struct eval_kept_detection {
	int32_t image;
	uint16_t is_true, is_false;	/* bit t: at threshold t */
	int32_t limit;	/* the first of the type's limits that it is within */
};

/* Objects to find in one image. */
struct eval_kept_wanted {
	int32_t image;
	int32_t n;
};

/* One class and range of sizes. */
struct eval_kept_class {
	int64_t n, n_images;
	struct eval_kept_detection *detection;	/* [n] by score, in the order eval_run() takes them */
	struct eval_kept_wanted *wanted;	/* [n_images] ascending; images without such objects are not there */
};

struct eval_kept {
	const struct eval_type *type;
	int32_t n_images, n_categories;
	struct eval_kept_class *class;	/* [n_categories n_ranges] */
};

/* Match everything, with input->threads threads. Lives in the arena. Error: memory. */
int eval_kept_make(struct eval_kept *kept, const struct eval_input *input, struct arena *a) MUST_CHECK;

#endif
