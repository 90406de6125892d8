/*
 * mix_pattern: whose turn it is at each position of a mixture, as a function of the position alone.
 *
 * Ratios 2:1 repeat a cycle of three turns in which input 0 has two and input 1 has one, spread as evenly as they go:
 * 0 1 0, 0 1 0, ... Turn q of an input is the q-th of its turns, from 0, over all cycles.
 */
#ifndef RECORD_MIX_PATTERN_H
#define RECORD_MIX_PATTERN_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

enum { MIX_MAX_INPUTS = 64, MIX_MAX_RATIO = 4096 };

struct mix_pattern {
	int n;	/* inputs */
	int64_t cycle;	/* turns until it repeats */
	const int *ratio;	/* [n] */
	int *input;	/* [cycle] whose turn */
	int *before;	/* [cycle] turns of that input earlier in the cycle */
	int **place;	/* [n][ratio] where in the cycle the turns of an input are */
};

/* Each ratio 1 to MIX_MAX_RATIO. The smooth weighted round-robin: always the input that is furthest behind its share. */
int mix_pattern_make(struct mix_pattern *p, const int *ratio, int n, struct arena *a) MUST_CHECK;

/* Turn of *input at a position: its number q. */
int64_t mix_pattern_turn(const struct mix_pattern *p, int64_t position, int *input);

/* How many of the turns before a position are this input's. */
int64_t mix_pattern_count(const struct mix_pattern *p, int64_t position, int input);

/* The position of turn q of an input; -1 when it is above INT64_MAX. */
int64_t mix_pattern_position(const struct mix_pattern *p, int input, int64_t q);

#endif
