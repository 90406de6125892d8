#include "eval/eval_select.h"

#include "base/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The next item of a list, *n characters long; NULL behind the last. */
static const char *next_item(const char **list, size_t *n, const char *separators)
{
	*list += strspn(*list, separators);
	const char *item = *list;
	*n = strcspn(item, separators);
	*list += *n;
	return *n == 0 ? NULL : item;
}

static bool parse_integer(const char *text, int64_t *value)
{
	char *end;
	errno = 0;
	long long parsed = strtoll(text, &end, 10);
	*value = parsed;
	return end != text && *end == '\0' && errno == 0;
}

/* An id in a list: the integer, or else the text. */
static int32_t find_image(const struct eval_lookup *lookup, const char *text)
{
	struct sample_id id = { 0 };
	int32_t found = parse_integer(text, &id.number) ? eval_lookup_image(lookup, &id) : -1;
	id.text = text;
	return found >= 0 ? found : eval_lookup_image(lookup, &id);
}

static int32_t find_class(const struct eval_lookup *lookup, const char *text)
{
	int64_t id;
	for (int32_t k = 0; k < lookup->n_categories; k++)
		if (strcmp(lookup->categories[k].name, text) == 0)
			return k;
	return parse_integer(text, &id) ? eval_lookup_category(lookup, id) : -1;
}

/* Mark what the list names. */
static int mark(bool *wanted, const struct eval_lookup *lookup, const char *list, const char *separators, const char *what,
		int32_t (*find)(const struct eval_lookup *, const char *), struct arena *a)
{
	size_t n;
	int64_t count = 0;
	for (const char *item; (item = next_item(&list, &n, separators)) != NULL; count++) {
		char *text = arena_strndup(a, item, n);
		if (text == NULL)
			return -1;
		int32_t i = find(lookup, text);
		if (i < 0)
			return err_set("there is no %s '%s' in the ground truth", what, text);
		wanted[i] = true;
	}
	return count > 0 ? 0 : err_set("the list of %s to evaluate is empty", what[0] == 'i' ? "images" : "classes");
}

static int mark_images(bool *wanted, const struct eval_lookup *lookup, const char *images, struct arena *a)
{
	uint8_t *text;
	size_t size;
	if (images[0] != '@')
		return mark(wanted, lookup, images, ",", "image", find_image, a);
	TRY(io_read_file(images + 1, &text, &size, a));
	if (memchr(text, '\0', size) != NULL)
		return err_set("'%s' is not a text of image ids", images + 1);
	if (mark(wanted, lookup, (const char *)text, " \t\r\n", "image", find_image, a) != 0)
		return err_context("in '%s'", images + 1);
	return 0;
}

/* Number what is wanted from 0; returns how many. */
static int32_t renumber(int32_t *number, const bool *wanted, int32_t n)
{
	int32_t count = 0;
	for (int32_t i = 0; i < n; i++)
		number[i] = wanted[i] ? count++ : EVAL_NOT_SELECTED;
	return count;
}

static int select_images(struct eval_set *set, const char *images)
{
	struct eval_lookup *lookup = &set->lookup;
	bool *wanted = arena_calloc(set->arena, (size_t)lookup->n_images, sizeof *wanted);
	struct sample_id *kept = arena_calloc(set->arena, (size_t)lookup->n_images, sizeof *kept);
	if (wanted == NULL || kept == NULL)
		return -1;
	TRY(mark_images(wanted, lookup, images, set->arena));
	set->n_images = renumber(lookup->image_number, wanted, lookup->n_images);
	for (int32_t i = 0; i < lookup->n_images; i++)
		if (wanted[i])
			kept[lookup->image_number[i]] = lookup->images[i];
	set->images = kept;
	return 0;
}

static int select_classes(struct eval_set *set, const char *classes)
{
	struct eval_lookup *lookup = &set->lookup;
	bool *wanted = arena_calloc(set->arena, (size_t)lookup->n_categories, sizeof *wanted);
	struct category *kept = arena_calloc(set->arena, (size_t)lookup->n_categories, sizeof *kept);
	if (wanted == NULL || kept == NULL)
		return -1;
	TRY(mark(wanted, lookup, classes, ",", "class", find_class, set->arena));
	set->n_categories = renumber(lookup->category_number, wanted, lookup->n_categories);
	for (int32_t k = 0; k < lookup->n_categories; k++)
		if (wanted[k])
			kept[lookup->category_number[k]] = lookup->categories[k];
	set->categories = kept;
	return 0;
}

/* Annotations still have the numbers of all images and categories. */
static void keep_selected(struct eval_set *set)
{
	int64_t n = 0;
	set->has_id_zero = false;
	for (int64_t i = 0; i < set->n_gt; i++) {
		struct eval_object object = set->gt[i];
		object.image = set->lookup.image_number[object.image];
		object.category = set->lookup.category_number[object.category];
		if (object.image < 0 || object.category < 0)
			continue;
		set->has_id_zero |= object.id_is_zero;
		set->gt[n++] = object;
	}
	set->n_gt = n;
}

static int make_agnostic(struct eval_set *set)
{
	static const struct category all = { .id = -1, .name = "all" };
	struct category *one = arena_calloc(set->arena, 1, sizeof *one);
	if (one == NULL)
		return -1;
	*one = all;
	TRY(eval_unite_classes(set->gt, set->n_gt, set->n_categories, set->arena));
	set->n_separate = set->n_categories;
	set->categories = one;
	set->n_categories = 1;
	return 0;
}

int eval_select(struct eval_set *set, const struct eval_selection *selection)
{
	if (selection->images != NULL)
		TRY(select_images(set, selection->images));
	if (selection->classes != NULL)
		TRY(select_classes(set, selection->classes));
	if (selection->images != NULL || selection->classes != NULL)
		keep_selected(set);
	return selection->agnostic ? make_agnostic(set) : 0;
}
