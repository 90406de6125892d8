#include "coco/categories.h"

#include <stdlib.h>
#include <string.h>

int categories_add(struct dataset *d, const struct category *category)
{
	int n = d->n_categories;
	/* Grown in the arena, which keeps the smaller lists: there are few classes. */
	if ((n & (n - 1)) == 0) {
		struct category *larger = arena_calloc(&d->arena, n > 0 ? 2 * (size_t)n : 1, sizeof *larger);
		if (larger == NULL)
			return -1;
		if (n > 0)
			memcpy(larger, d->categories, (size_t)n * sizeof *larger);
		d->categories = larger;
	}
	d->categories[d->n_categories++] = *category;
	return 0;
}

int categories_add_name(struct dataset *d, const char *name)
{
	return categories_add(d, &(struct category){ .id = d->n_categories + 1, .name = name });
}

int categories_add_list(struct dataset *d, const char *list)
{
	for (;;) {
		size_t size = strcspn(list, ",");
		const char *name = arena_strndup(&d->arena, list, size);
		if (name == NULL)
			return -1;
		TRY(categories_add_name(d, name));
		if (list[size] == '\0')
			return 0;
		list += size + 1;
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int categories_add_sorted(struct dataset *d, const char **names, int64_t n)
{
	if (n > 0)
		qsort(names, (size_t)n, sizeof *names, compare_names);
	for (int64_t i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			TRY(categories_add_name(d, names[i]));
	return 0;
}
