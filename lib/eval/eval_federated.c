#include "eval/eval_federated.h"

#include "base/json_value.h"
#include "eval/eval_set.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const list_keys[EVAL_FEDERATED_LISTS] = { "neg_category_ids", "not_exhaustive_category_ids" };

void eval_federated_init(struct eval_federated *f, struct arena *a)
{
	*f = (struct eval_federated){ .arena = a };
}

static int read_list(struct eval_federated *f, struct json_reader *j, struct eval_federated_list *list, const char *key)
{
	enum json_event e;
	TRY(json_enter_array(j, key));
	while ((e = json_next_element(j)) == JSON_NUMBER && j->is_integer) {
		TRY(arena_grow(&list->entry, list->n, &list->room, sizeof *list->entry, f->arena));
		list->entry[list->n++] = (struct eval_federated_entry){ .category = j->integer };
	}
	if (e == JSON_ERROR)
		return -1;
	list->seen = true;
	return e == JSON_ARRAY_END ? 1 : json_fail(j, "\"%s\" holds something that is not an integer", key);
}

int eval_federated_image_key(struct eval_federated *f, struct json_reader *j)
{
	for (int i = 0; i < EVAL_FEDERATED_LISTS; i++)
		if (json_is(j, list_keys[i]))
			return read_list(f, j, &f->list[i], list_keys[i]);
	return 0;
}

int eval_federated_image_end(struct eval_federated *f, struct json_reader *j, const struct sample_id *id)
{
	char text[128];
	for (int i = 0; i < EVAL_FEDERATED_LISTS; i++) {
		struct eval_federated_list *list = &f->list[i];
		if (!list->seen)
			return json_fail(j, "image %s has no \"%s\"; is this ground truth of LVIS?", sample_id_text(id, text),
					 list_keys[i]);
		while (list->n_complete < list->n)
			list->entry[list->n_complete++].image = *id;
		list->seen = false;
	}
	return 0;
}

int eval_federated_category_key(struct eval_federated *f, struct json_reader *j)
{
	if (!json_is(j, "frequency"))
		return 0;
	enum json_event e = json_next(j);
	if (e == JSON_ERROR)
		return -1;
	if (e != JSON_STRING || j->text_size != 1 || (j->text[0] != 'r' && j->text[0] != 'c' && j->text[0] != 'f'))
		return json_fail(j, "\"frequency\" is none of \"r\", \"c\" and \"f\"");
	f->pending = j->text[0];
	return 1;
}

int eval_federated_category_end(struct eval_federated *f, struct json_reader *j, int64_t id)
{
	if (f->pending == 0)
		return json_fail(j, "category %" PRId64 " has no \"frequency\"; is this ground truth of LVIS?", id);
	TRY(arena_grow(&f->frequency, f->n_frequencies, &f->room_frequencies, sizeof *f->frequency, f->arena));
	f->frequency[f->n_frequencies++] = (struct eval_frequency){ id, f->pending };
	f->pending = 0;
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	uint64_t x = ((const struct eval_federated_entry *)a)->key, y = ((const struct eval_federated_entry *)b)->key;
	return (x > y) - (x < y);
}

static uint64_t key_of(int32_t image, int32_t category)
{
	return (uint64_t)image << 32 | (uint32_t)category;
}

static void resolve(struct eval_federated_list *list, const struct eval_set *set)
{
	int64_t kept = 0;
	for (int64_t i = 0; i < list->n; i++) {
		int32_t image = eval_find_image(set, &list->entry[i].image);
		int32_t category = eval_find_category(set, list->entry[i].category);
		if (image >= 0 && category >= 0)
			list->entry[kept++].key = key_of(image, category);
	}
	list->n = kept;
	if (kept > 1)
		qsort(list->entry, (size_t)kept, sizeof *list->entry, compare_entries);
}

int eval_federated_finish(struct eval_federated *f, const struct eval_set *set)
{
	for (int i = 0; i < EVAL_FEDERATED_LISTS; i++)
		resolve(&f->list[i], set);
	f->group = arena_calloc(f->arena, (size_t)set->n_categories, sizeof *f->group);
	if (f->group == NULL)
		return -1;
	for (int64_t i = 0; i < f->n_frequencies; i++) {
		int32_t k = eval_find_category(set, f->frequency[i].category);
		if (k >= 0)
			f->group[k] = f->frequency[i].group;
	}
	return 0;
}

bool eval_federated_has(const struct eval_federated *f, int list, int32_t image, int32_t category)
{
	const struct eval_federated_list *l = &f->list[list];
	struct eval_federated_entry wanted = { .key = key_of(image, category) };
	return l->n > 0 && bsearch(&wanted, l->entry, (size_t)l->n, sizeof wanted, compare_entries) != NULL;
}
