/*
 * label_set: a set of 64-bit hashes. All zeros is empty.
 */
#ifndef TRAIN_LABEL_SET_H
#define TRAIN_LABEL_SET_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct label_set {
	uint64_t *slot;	/* open addressing; 0: free */
	int64_t n, room;	/* room: a power of two, or 0 */
	bool has_zero;
};

/* 1: it is new, 0: it was there, -1: memory. */
int label_set_add(struct label_set *s, uint64_t hash) MUST_CHECK;

bool label_set_has(const struct label_set *s, uint64_t hash);

void label_set_release(struct label_set *s);

#endif
