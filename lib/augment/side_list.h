/*
 * side_list: lengths of the short side from which one is drawn for each image.
 *
 *     struct side_list sides;
 *     TRY(side_list_parse(&sides, "640,672,704..800:32", 16384, arena));      // 640 672 704 736 768 800
 */
#ifndef AUGMENT_SIDE_LIST_H
#define AUGMENT_SIDE_LIST_H

#include "base/arena.h"
#include "base/error.h"

enum { SIDE_LIST_MAX = 16384 };

struct side_list {
	int n;	/* 0: no list */
	const int *side;	/* [n] pixels; each is as likely as any other */
};

/*
 * Items with commas between: N, LO..HI (every whole number), LO..HI:STEP. Error: anything else; a side that is not
 * 1..most; more than SIDE_LIST_MAX sides.
 */
int side_list_parse(struct side_list *sides, const char *text, int most, struct arena *a) MUST_CHECK;

int side_list_largest(const struct side_list *sides);

#endif
