/*
 * rle: run-length masks as COCO writes them.
 *
 * Runs alternate between outside and inside, starting with outside, down the columns. The compressed
 * text holds each run in groups of 5 bits, low ones first, as characters from '0' on: bit 5 says that more
 * follow, bit 4 of the last group is the sign; from the fourth run on it is the difference to the run
 * two before.
 * Source: the COCO API's description of its mask format.
 */
#ifndef COCO_RLE_H
#define COCO_RLE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* The text of n runs, in arena memory. NULL: out of memory. */
char *rle_compress(const uint32_t *runs, int64_t n, struct arena *a) MUST_CHECK;

/* True when the text is well-formed and its runs sum up to h x w. */
bool rle_covers(const char *text, int64_t h, int64_t w);

#endif
