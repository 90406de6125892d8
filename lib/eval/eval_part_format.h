/*
 * eval_part_format: what the writer and the reader of parts share. All numbers are little-endian.
 */
#ifndef EVAL_EVAL_PART_FORMAT_H
#define EVAL_EVAL_PART_FORMAT_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define EVAL_PART_MAGIC "EVALPART"

enum {
	EVAL_PART_VERSION = 1,
	EVAL_PART_RECORD = 24,	/* bytes of a record */
	EVAL_PART_HASH = 8,	/* XXH3-64 of everything before it */
};

/* Detections that a part may have been given: so few that sums over parts cannot overflow. */
static const uint64_t EVAL_PART_MOST_DETECTIONS = 1ULL << 48;

#endif
