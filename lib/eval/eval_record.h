/*
 * eval_record: what remains of a detection once its image is matched, in 24 bytes.
 *
 * Records are sorted by category, descending score, image, and rank in the image; no two are equal in all of these, so the
 * order does not depend on how the records came together.
 */
#ifndef EVAL_EVAL_RECORD_H
#define EVAL_EVAL_RECORD_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"

#include <stdint.h>

enum {
	EVAL_RANK_BITS = 14,	/* enough for EVAL_LARGEST_LIMIT */
	EVAL_MOST_CATEGORIES = 1 << (32 - EVAL_RANK_BITS),

	/* At one threshold and size range a detection is one of: */
	EVAL_NEITHER = 0,	/* it found what does not count, or it found nothing and has another size */
	EVAL_WRONG = 1,
	EVAL_RIGHT = 2,
	EVAL_PER_BYTE = 5,	/* thresholds in a byte of a record, as digits to the base 3, the first one lowest */
	EVAL_ALL_WRONG = 1 + 3 + 9 + 27 + 81,
	EVAL_BYTES = EVAL_THRESHOLDS / EVAL_PER_BYTE,
};

struct eval_record {
	double score;
	int32_t image;
	uint32_t place;	/* category << EVAL_RANK_BITS | rank among the image's detections of the category, from 0 */
	uint8_t outcome[EVAL_MAX_RANGES * EVAL_BYTES];	/* [range] */
};

static inline int32_t eval_record_category(const struct eval_record *r)
{
	return (int32_t)(r->place >> EVAL_RANK_BITS);
}

static inline int eval_record_rank(const struct eval_record *r)
{
	return (int)(r->place & ((1U << EVAL_RANK_BITS) - 1));
}

/* The outcome of range r from two sets of thresholds, bit t for threshold t; none is in both. */
void eval_record_put(struct eval_record *record, int range, unsigned is_right, unsigned is_wrong);

/* And back. */
void eval_record_get(const struct eval_record *record, int range, unsigned *is_right, unsigned *is_wrong);

/* Unsigned numbers that ascend as the scores descend; 0 and -0 are the same score. */
static inline uint64_t eval_descending(double score)
{
	union { double d; uint64_t u; } v = { .d = score == 0 ? 0 : score };
	uint64_t ascending = v.u >> 63 ? ~v.u : v.u | (uint64_t)1 << 63;
	return ~ascending;
}

/*
 * Room for n elements of that size, n at least 1, in an array with room for *room, which grows: its new place. NULL, with the
 * array as it was: out of memory.
 */
void *eval_reserve(void *at, int64_t *room, int64_t n, size_t size) MUST_CHECK;

/* A growing array of its own memory; all zeros is empty. */
struct eval_records {
	struct eval_record *at;
	int64_t n, room;
};

/* A new record behind the last, not yet filled; NULL: out of memory. */
struct eval_record *eval_records_add(struct eval_records *records) MUST_CHECK;

/* Append all of `more`, which becomes empty but keeps its memory. Error: memory. */
int eval_records_move(struct eval_records *records, struct eval_records *more) MUST_CHECK;

void eval_records_release(struct eval_records *records);

/*
 * Sort in place, and fill start [n_categories + 1]: category k is at[start[k]] .. at[start[k + 1] - 1]. From the arena comes
 * only what grows with the categories. Error: memory.
 */
int eval_records_sort(struct eval_records *records, int64_t *start, int32_t n_categories, int threads, struct arena *a)
	MUST_CHECK;

/*
 * Both sorted, every place of `other` in `records` too: exchange the outcomes of the two. Doing it again undoes it.
 */
void eval_records_exchange(struct eval_records *records, struct eval_records *other);

#endif
