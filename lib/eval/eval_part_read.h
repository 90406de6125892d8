/*
 * eval_part_read: a part as a file: its header, and the numbers behind it one after the other. See eval_part.h.
 */
#ifndef EVAL_EVAL_PART_READ_H
#define EVAL_EVAL_PART_READ_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"
#include "record/sample.h"
#include "stream/stream.h"

#include <stdbool.h>
#include <stdint.h>

/* What is left to read of a part; once something is missing everything is. */
struct eval_part_cursor {
	const uint8_t *at, *end;
	bool short_of;
};

struct eval_part {
	const char *path;
	struct eval_part_cursor cursor;
	struct eval_type type;
	int32_t n_images, n_categories;
	struct sample_id *images;	/* [n_images] ascending */
	struct category *categories;	/* [n_categories] */
	int32_t *image;	/* [n_images] number in the union of all parts, for who makes one */
	int64_t n_dt;	/* detections that were given */
};

/*
 * Read the file, check its hash and read up to the number of detections; what follows is left at the cursor.
 * Error: not a part, or a damaged one; memory.
 */
int eval_part_open(struct eval_part *p, const char *path, struct arena *a) MUST_CHECK;

/* The next `size` bytes; NULL: there are not so many. */
const uint8_t *eval_part_take(struct eval_part_cursor *c, uint64_t size);

/* The next number; 0 where there is none. */
uint32_t eval_part_u32(struct eval_part_cursor *c);
uint64_t eval_part_u64(struct eval_part_cursor *c);
double eval_part_double(struct eval_part_cursor *c);

/* Say that the part is damaged; -1. */
int eval_part_damaged(const struct eval_part *p);

#endif
