#include "coco/id_map.h"

#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

struct id_slot {
	struct sample_id id;
	int64_t index;	/* -1: free */
};

void id_map_init(struct id_map *m)
{
	*m = (struct id_map){ 0 };
}

void id_map_release(struct id_map *m)
{
	free(m->slots);
	id_map_init(m);
}

static bool same_id(const struct sample_id *a, const struct sample_id *b)
{
	if (a->text == NULL || b->text == NULL)
		return a->text == b->text && a->number == b->number;
	return strcmp(a->text, b->text) == 0;
}

/* The slot of the id, or the free one where it would go. */
static struct id_slot *find_slot(const struct id_map *m, const struct sample_id *id)
{
	struct rng g = rng_make((uint64_t)id->number);
	size_t i = (id->text != NULL ? rng_mix_text(1, id->text) : rng_u64(&g)) & (m->n_slots - 1);
	while (m->slots[i].index >= 0 && !same_id(&m->slots[i].id, id))
		i = (i + 1) & (m->n_slots - 1);
	return &m->slots[i];
}

static int grow(struct id_map *m)
{
	struct id_map larger = { .n_slots = m->n_slots > 0 ? 2 * m->n_slots : 1024, .used = m->used };
	larger.slots = malloc(larger.n_slots * sizeof *larger.slots);
	if (larger.slots == NULL)
		return err_set("out of memory for %zu ids", m->used);
	for (size_t i = 0; i < larger.n_slots; i++)
		larger.slots[i].index = -1;
	for (size_t i = 0; i < m->n_slots; i++)
		if (m->slots[i].index >= 0)
			*find_slot(&larger, &m->slots[i].id) = m->slots[i];
	free(m->slots);
	*m = larger;
	return 0;
}

int id_map_add(struct id_map *m, struct sample_id id, int64_t index)
{
	if (2 * (m->used + 1) > m->n_slots)
		TRY(grow(m));
	struct id_slot *slot = find_slot(m, &id);
	if (slot->index >= 0)
		return 0;
	*slot = (struct id_slot){ id, index };
	m->used++;
	return 1;
}

int64_t id_map_find(const struct id_map *m, struct sample_id id)
{
	return m->n_slots > 0 ? find_slot(m, &id)->index : -1;
}
