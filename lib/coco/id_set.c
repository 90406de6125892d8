#include "coco/id_set.h"

#include "base/rng.h"

#include <stdlib.h>

/* The ids 64 * number .. 64 * number + 63. */
struct id_group {
	uint64_t number;
	uint64_t there;	/* bit i: the i-th of them; 0: the group is free */
};

void id_set_init(struct id_set *s)
{
	*s = (struct id_set){ 0 };
}

void id_set_release(struct id_set *s)
{
	free(s->groups);
	id_set_init(s);
}

/* The group, or the free one where it would go. */
static struct id_group *find_group(const struct id_set *s, uint64_t number)
{
	struct rng g = rng_make(number);
	size_t i = rng_u64(&g) & (s->n_groups - 1);
	while (s->groups[i].there != 0 && s->groups[i].number != number)
		i = (i + 1) & (s->n_groups - 1);
	return &s->groups[i];
}

static int grow(struct id_set *s)
{
	struct id_set larger = { .n_groups = s->n_groups > 0 ? 2 * s->n_groups : 1024, .used = s->used };
	larger.groups = calloc(larger.n_groups, sizeof *larger.groups);
	if (larger.groups == NULL)
		return err_set("out of memory for %zu groups of ids", s->used);
	for (size_t i = 0; i < s->n_groups; i++)
		if (s->groups[i].there != 0)
			*find_group(&larger, s->groups[i].number) = s->groups[i];
	free(s->groups);
	*s = larger;
	return 0;
}

int id_set_add(struct id_set *s, int64_t id)
{
	if (2 * (s->used + 1) > s->n_groups)
		TRY(grow(s));
	uint64_t bit = (uint64_t)1 << ((uint64_t)id & 63), number = (uint64_t)id >> 6;
	struct id_group *group = find_group(s, number);
	if (group->there & bit)
		return 0;
	s->used += group->there == 0;
	group->number = number;
	group->there |= bit;
	return 1;
}
