#include "augment/corruption.h"

#include <stdio.h>
#include <string.h>

static int bad(const char *text)
{
	char names[200] = "";
	for (const struct corruption_kind *k = corruption_kinds; k->name != NULL; k++)
		snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", k == corruption_kinds ? "" : ", ", k->name);
	return err_set("corruptions are KIND:LEVEL with commas between, of level 1 to %d, not '%s'; there are %s", (int)CORRUPT_LEVELS,
		       text, names);
}

const struct corruption_kind *corruption_kind_find(const char *name, size_t size)
{
	for (const struct corruption_kind *k = corruption_kinds; k->name != NULL; k++)
		if (strlen(k->name) == size && memcmp(k->name, name, size) == 0)
			return k;
	return NULL;
}

int corruptions_parse(struct corruptions *c, const char *text, struct arena *a)
{
	size_t room = 1;
	for (const char *at = text; *at != '\0'; at++)
		room += *at == ',';
	struct corruption *one = arena_alloc(a, room * sizeof *one);
	if (one == NULL)
		return -1;
	*c = (struct corruptions){ .one = one };
	for (const char *at = text;; at++) {
		size_t length = strcspn(at, ":,");
		const struct corruption_kind *kind = corruption_kind_find(at, length);
		if (kind == NULL || at[length] != ':' || at[length + 1] < '1' || at[length + 1] > '0' + CORRUPT_LEVELS)
			return bad(text);
		one[c->n++] = (struct corruption){ kind, at[length + 1] - '0', 0 };
		at += length + 2;
		if (*at == '\0')
			return 0;
		if (*at != ',')
			return bad(text);
	}
}

int corruptions_draw(struct corruptions *out, const struct corruptions *c, uint64_t key, struct arena *a)
{
	if (c->n == 0) {
		*out = (struct corruptions){ 0 };
		return 0;
	}
	struct corruption *one = arena_alloc(a, (size_t)c->n * sizeof *one);
	if (one == NULL)
		return -1;
	for (int i = 0; i < c->n; i++) {
		one[i] = c->one[i];
		one[i].seed = (int64_t)(rng_mix(rng_mix_text(key, one[i].kind->name), (uint64_t)i) % CORRUPT_SEEDS);
	}
	*out = (struct corruptions){ c->n, one };
	return 0;
}

int corrupt(const struct image_region *image, const struct corruptions *c, struct arena *a)
{
	for (int i = 0; i < c->n; i++) {
		struct rng g = rng_make((uint64_t)c->one[i].seed);
		TRY(c->one[i].kind->run(image, c->one[i].kind->strength[c->one[i].level - 1], &g, a));
	}
	return 0;
}
