/*
 * keypoint_swap: which keypoints exchange their names in a mirror image, where a left hand is a right hand.
 *
 * For each category: as the user says; else by the names of its keypoints, in which "left" and "right" (also Left, LEFT) tell the
 * two of a pair apart; else, with 17 keypoints without names, as COCO's person. All else is not known.
 *
 *     struct keypoint_swap swap;
 *     TRY(keypoint_swap_parse(&swap, "left_eye=right_eye,3=4", arena));
 *     TRY(keypoint_twins_make(&twins, header, &swap, arena));
 */
#ifndef AUGMENT_KEYPOINT_SWAP_H
#define AUGMENT_KEYPOINT_SWAP_H

#include "base/arena.h"
#include "base/error.h"
#include "stream/stream.h"

/* What a user says. */
struct keypoint_swap {
	int n;
	const char *(*pair)[2];	/* [n] names, or numbers from 1 */
};

/* The table of one category. */
struct keypoint_twins {
	int least, most;	/* numbers of keypoints that it is for; most 0: not known */
	const int32_t *twin;	/* [least] from 0: i takes the name of twin[i]; those behind keep theirs */
};

/* A=B,C=D,... or "none". Error: anything else, a name that is there twice. */
int keypoint_swap_parse(struct keypoint_swap *swap, const char *text, struct arena *a) MUST_CHECK;

/*
 * The tables of all categories of a header; swap NULL: the user says nothing. What a user says holds for the categories that know
 * both names of a pair; numbers hold for all that have as many keypoints. Error: a pair that holds for none; two of one keypoint; memory.
 */
int keypoint_twins_make(const struct keypoint_twins **twins, const struct stream_header *header,
			const struct keypoint_swap *swap, struct arena *a) MUST_CHECK;

/* COCO's person: the nose, then a left part and its right, eight times. */
extern const struct keypoint_twins keypoint_person;

#endif
