/*
 * id_set: which whole numbers were there before. 64 neighbours share a slot, as ids of annotations are mostly from a range
 * that is nearly full.
 */
#ifndef COCO_ID_SET_H
#define COCO_ID_SET_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct id_set {
	struct id_group *groups;	/* open addressing; the number is a power of two */
	size_t n_groups, used;
};

void id_set_init(struct id_set *s);
void id_set_release(struct id_set *s);

/* 1: added; 0: the id is there already; -1: out of memory. */
int id_set_add(struct id_set *s, int64_t id) MUST_CHECK;

#endif
