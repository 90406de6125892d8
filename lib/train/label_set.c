#include "train/label_set.h"

#include <stdlib.h>

/* The slot that holds the hash, or the free one where it belongs. */
static uint64_t *find(uint64_t *slot, int64_t room, uint64_t hash)
{
	uint64_t mask = (uint64_t)room - 1, i = (hash * 0x9e3779b97f4a7c15u) >> 20 & mask;
	while (slot[i] != 0 && slot[i] != hash)
		i = (i + 1) & mask;
	return &slot[i];
}

static int grow(struct label_set *s)
{
	int64_t room = s->room == 0 ? 1024 : 2 * s->room;
	uint64_t *slot = calloc((size_t)room, sizeof *slot);
	if (slot == NULL)
		return err_set("out of memory");
	for (int64_t i = 0; i < s->room; i++)
		if (s->slot[i] != 0)
			*find(slot, room, s->slot[i]) = s->slot[i];
	free(s->slot);
	s->slot = slot;
	s->room = room;
	return 0;
}

int label_set_add(struct label_set *s, uint64_t hash)
{
	if (label_set_has(s, hash))
		return 0;
	s->n++;
	if (hash == 0) {
		s->has_zero = true;
		return 1;
	}
	if (2 * s->n >= s->room)
		TRY(grow(s));
	*find(s->slot, s->room, hash) = hash;
	return 1;
}

bool label_set_has(const struct label_set *s, uint64_t hash)
{
	if (hash == 0)
		return s->has_zero;
	return s->room > 0 && *find(s->slot, s->room, hash) == hash;
}

void label_set_release(struct label_set *s)
{
	free(s->slot);
	*s = (struct label_set){ 0 };
}
