/*
 * id_map: from ids, numbers or texts, to an index. Keys are not copied.
 */
#ifndef COCO_ID_MAP_H
#define COCO_ID_MAP_H

#include "record/sample.h"

struct id_map {
	struct id_slot *slots;	/* open addressing; the number is a power of two */
	size_t n_slots, used;
};

void id_map_init(struct id_map *m);
void id_map_release(struct id_map *m);

/* 1: added; 0: the id is there already; -1: out of memory. */
int id_map_add(struct id_map *m, struct sample_id id, int64_t index) MUST_CHECK;

/* The index, or -1. */
int64_t id_map_find(const struct id_map *m, struct sample_id id);

#endif
