#include "eval/eval_lookup.h"

#include <stdlib.h>
#include <string.h>

int eval_compare_ids(const void *a, const void *b)
{
	const struct sample_id *x = a, *y = b;
	if (x->text != NULL && y->text != NULL)
		return strcmp(x->text, y->text);
	if (x->text != NULL || y->text != NULL)
		return x->text != NULL ? 1 : -1;
	return (x->number > y->number) - (x->number < y->number);
}

/* A table of all integers from the least id to the greatest, when most of them are not wasted or it is small. */
static int make_dense(struct eval_lookup *lookup, struct arena *a)
{
	int32_t n = 0;
	while (n < lookup->n_images && lookup->images[n].text == NULL)
		n++;
	if (n == 0)
		return 0;
	int64_t first = lookup->images[0].number;
	uint64_t span = (uint64_t)lookup->images[n - 1].number - (uint64_t)first;
	if (span >= 16 * (uint64_t)n + (1 << 20))
		return 0;
	lookup->dense = arena_calloc(a, span + 1, sizeof *lookup->dense);
	if (lookup->dense == NULL)
		return -1;
	lookup->first_id = first;
	lookup->n_dense = (int64_t)span + 1;
	for (int32_t i = 0; i < n; i++)
		lookup->dense[lookup->images[i].number - first] = i + 1;
	return 0;
}

static int32_t *ascending(int32_t n, struct arena *a)
{
	int32_t *number = arena_calloc(a, (size_t)n, sizeof *number);
	for (int32_t i = 0; number != NULL && i < n; i++)
		number[i] = i;
	return number;
}

int eval_lookup_make(struct eval_lookup *lookup, const struct sample_id *images, int32_t n_images,
		     const struct category *categories, int32_t n_categories, struct arena *a)
{
	*lookup = (struct eval_lookup){ .n_images = n_images, .n_categories = n_categories, .images = images,
		.categories = categories, .image_number = ascending(n_images, a),
		.category_number = ascending(n_categories, a) };
	if (lookup->image_number == NULL || lookup->category_number == NULL)
		return -1;
	return make_dense(lookup, a);
}

int32_t eval_lookup_image(const struct eval_lookup *lookup, const struct sample_id *id)
{
	if (id->text == NULL && lookup->dense != NULL) {
		uint64_t i = (uint64_t)id->number - (uint64_t)lookup->first_id;
		return i < (uint64_t)lookup->n_dense ? lookup->dense[i] - 1 : -1;
	}
	const struct sample_id *found = bsearch(id, lookup->images, (size_t)lookup->n_images, sizeof *id, eval_compare_ids);
	return found == NULL ? -1 : (int32_t)(found - lookup->images);
}

int32_t eval_lookup_category(const struct eval_lookup *lookup, int64_t id)
{
	int32_t low = 0, high = lookup->n_categories;
	while (low < high) {
		int32_t middle = low + (high - low) / 2;
		if (lookup->categories[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < lookup->n_categories && lookup->categories[low].id == id ? low : -1;
}
