/*
 * eval_seen: what detections have in common, noted as they pass by, for warnings.
 *
 * It does not depend on their order, except which mask of another size was the first.
 */
#ifndef EVAL_EVAL_SEEN_H
#define EVAL_EVAL_SEEN_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"

#include <stdint.h>

enum {
	EVAL_SCORE_BINS = 1 << 12,
};

struct eval_seen {
	int64_t n;
	int64_t n_corner_like;	/* w > x and h > y, as if they were the second corner */
	double farthest;	/* right or lower end of a box */
	double low, high;	/* scores */
	int64_t *bins;	/* [EVAL_SCORE_BINS] scores from EVAL_SCORE_LOWEST to 1 */
	int32_t n_categories;
	uint8_t *category;	/* [n_categories] 1: there is one */
	int64_t n_off_size;	/* masks of another size than their image, the first of them h x w */
	int32_t off_h, off_w;
};

#define EVAL_SCORE_LOWEST 0.1	/* with a lower one no threshold shows */

/* Error: memory. */
int eval_seen_init(struct eval_seen *seen, int32_t n_categories, struct arena *a) MUST_CHECK;
void eval_seen_clear(struct eval_seen *seen);

/* Detections [n], whose categories are all taken for the only one if there is only one. */
void eval_seen_add(struct eval_seen *seen, const struct eval_object *x, int64_t n);

/* A mask of an image of another size. */
void eval_seen_off_size(struct eval_seen *seen, int32_t h, int32_t w);

/* Add what came behind it. */
void eval_seen_join(struct eval_seen *seen, const struct eval_seen *more);

/* How many scores lie below one that is at least EVAL_SCORE_LOWEST, to within 1 / 4096 of the scale: whole bins. */
int64_t eval_seen_below(const struct eval_seen *seen, double score);

#endif
