/* What a pickle may build besides numbers, text and containers. */
#include "weights/pickle_machine.h"

#include <string.h>

static bool same(const char *text, size_t size, const char *word)
{
	return strlen(word) == size && memcmp(text, word, size) == 0;
}

int pickle_name_global(struct pickle_machine *m, const char *module, size_t module_size, const char *name, size_t name_size)
{
	static const struct { const char *module, *name; enum pickle_global global; } known[] = {
		{ "collections", "OrderedDict", GLOBAL_ORDERED_DICT },
		{ "torch._utils", "_rebuild_tensor", GLOBAL_TENSOR },
		{ "torch._utils", "_rebuild_tensor_v2", GLOBAL_TENSOR_V2 },
		{ "torch._utils", "_rebuild_parameter", GLOBAL_PARAMETER },
	};
	struct pickle_value *v = pickle_new(m, PICKLE_GLOBAL);
	if (v == NULL)
		return -1;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (same(module, module_size, known[i].module) && same(name, name_size, known[i].name)) {
			v->integer = known[i].global;
			return pickle_push(m, v);
		}
	const struct stored_dtype *dtype = same(module, module_size, "torch") ? stored_dtype_torch(name, name_size) : NULL;
	if (dtype == NULL)
		return pickle_fail(m, "the global '%.*s.%.*s' is none that weights need, so nothing is read",
				   (int)(module_size < 100 ? module_size : 100), module, (int)(name_size < 100 ? name_size : 100), name);
	v->kind = PICKLE_STORAGE;	/* a type yet: no key */
	struct pickle_storage *storage = arena_calloc(m->arena, 1, sizeof *storage);
	if (storage == NULL)
		return -1;
	storage->dtype = dtype;
	v->storage = storage;
	return pickle_push(m, v);
}

static bool is_count(const struct pickle_value *v)
{
	return v->kind == PICKLE_INTEGER && v->integer >= 0;
}

struct pickle_value *pickle_persistent(struct pickle_machine *m, const struct pickle_value *id)
{
	if (id->kind != PICKLE_TUPLE || id->n < 5 || id->n > 6 || !pickle_is(id->items[0], "storage") ||
	    id->items[1]->kind != PICKLE_STORAGE || id->items[1]->storage->key != NULL || id->items[2]->kind != PICKLE_TEXT ||
	    id->items[3]->kind != PICKLE_TEXT || !is_count(id->items[4])) {
		pickle_fail(m, "a persistent id that is no ('storage', type, key, place, count)");
		return NULL;
	}
	struct pickle_storage *s = arena_calloc(m->arena, 1, sizeof *s);
	struct pickle_value *v = pickle_new(m, PICKLE_STORAGE);
	if (s == NULL || v == NULL)
		return NULL;
	*s = (struct pickle_storage){
		.dtype = id->items[1]->storage->dtype, .key = id->items[2]->text, .key_size = id->items[2]->size,
		.root_count = id->items[4]->integer, .count = id->items[4]->integer,
		.next = m->storages,
	};
	v->storage = s;
	m->storages = s;
	m->n_storages++;
	const struct pickle_value *view = id->n == 6 ? id->items[5] : NULL;
	if (view == NULL || view->kind == PICKLE_NONE)
		return v;
	/* A part of the storage: (key of the part, offset, count). */
	if (view->kind != PICKLE_TUPLE || view->n != 3 || !is_count(view->items[1]) || !is_count(view->items[2]) ||
	    view->items[1]->integer > s->count || view->items[2]->integer > s->count - view->items[1]->integer) {
		pickle_fail(m, "a part of a storage that does not lie in it");
		return NULL;
	}
	s->offset = view->items[1]->integer;
	s->count = view->items[2]->integer;
	return v;
}

/* The numbers of a tuple or list; how many, or -1. */
static int numbers(int64_t to[TENSOR_MAX_RANK], struct pickle_machine *m, const struct pickle_value *v)
{
	if ((v->kind != PICKLE_TUPLE && v->kind != PICKLE_LIST) || v->n > TENSOR_MAX_RANK)
		return pickle_fail(m, "the shape of a tensor must be at most %d whole numbers", TENSOR_MAX_RANK);
	for (int i = 0; i < v->n; i++) {
		if (!is_count(v->items[i]))
			return pickle_fail(m, "the shape and strides of a tensor must be whole numbers from 0");
		to[i] = v->items[i]->integer;
	}
	return v->n;
}

/* All elements must lie in the storage, and there must not be more of them than the storage has. */
static int check_extent(struct pickle_machine *m, const struct pickle_tensor *t)
{
	int64_t last = t->offset, count = 1, room = t->storage->count;
	for (int i = 0; i < t->rank; i++)
		if (t->dim[i] == 0)
			return t->offset <= room ? 0 : pickle_fail(m, "a tensor that begins behind its storage");
	for (int i = 0; i < t->rank; i++) {
		int64_t way;
		if (__builtin_mul_overflow(t->dim[i] - 1, t->stride[i], &way) || __builtin_add_overflow(last, way, &last) ||
		    __builtin_mul_overflow(count, t->dim[i], &count) || count > room)
			return pickle_fail(m, "a tensor of more elements than its storage, which has %lld", (long long)room);
	}
	return last < room ? 0 : pickle_fail(m, "a tensor that ends behind its storage, which has %lld elements", (long long)room);
}

static struct pickle_value *rebuild_tensor(struct pickle_machine *m, const struct pickle_value *args, int max_args)
{
	if (args->n < 4 || args->n > max_args || args->items[0]->kind != PICKLE_STORAGE || args->items[0]->storage->key == NULL ||
	    !is_count(args->items[1])) {
		pickle_fail(m, "a tensor that is no (storage, offset, shape, strides, ...)");
		return NULL;
	}
	struct pickle_tensor *t = arena_calloc(m->arena, 1, sizeof *t);
	struct pickle_value *v = pickle_new(m, PICKLE_TENSOR);
	if (t == NULL || v == NULL)
		return NULL;
	t->storage = args->items[0]->storage;
	t->offset = args->items[1]->integer;
	t->rank = numbers(t->dim, m, args->items[2]);
	if (t->rank < 0)
		return NULL;
	int strides = numbers(t->stride, m, args->items[3]);
	if (strides >= 0 && strides != t->rank)
		pickle_fail(m, "a tensor with %d dimensions and %d strides", t->rank, strides);
	if (strides != t->rank || check_extent(m, t) != 0)
		return NULL;
	v->tensor = t;
	return v;
}

/* OrderedDict(), or OrderedDict([[key, value], ...]). */
static struct pickle_value *ordered_dict(struct pickle_machine *m, const struct pickle_value *args)
{
	struct pickle_value *dict = pickle_new(m, PICKLE_DICT);
	if (dict == NULL || args->n == 0)
		return dict;
	const struct pickle_value *pairs = args->items[0];
	if (args->n > 1 || pairs->kind != PICKLE_LIST) {
		pickle_fail(m, "an OrderedDict of something that is no list");
		return NULL;
	}
	for (int i = 0; i < pairs->n; i++) {
		const struct pickle_value *pair = pairs->items[i];
		if ((pair->kind != PICKLE_LIST && pair->kind != PICKLE_TUPLE) || pair->n != 2) {
			pickle_fail(m, "an OrderedDict of something that are no pairs");
			return NULL;
		}
		if (pickle_append(m, dict, pair->items[0]) != 0 || pickle_append(m, dict, pair->items[1]) != 0)
			return NULL;
	}
	return dict;
}

struct pickle_value *pickle_reduce(struct pickle_machine *m, const struct pickle_value *global, const struct pickle_value *args)
{
	if (global->kind != PICKLE_GLOBAL || args->kind != PICKLE_TUPLE) {
		pickle_fail(m, "REDUCE calls something that is no known function with a tuple");
		return NULL;
	}
	switch ((enum pickle_global)global->integer) {
	case GLOBAL_ORDERED_DICT:
		return ordered_dict(m, args);
	case GLOBAL_TENSOR:
		return rebuild_tensor(m, args, 4);
	case GLOBAL_TENSOR_V2:
		return rebuild_tensor(m, args, 7);
	case GLOBAL_PARAMETER:
		if (args->n >= 1 && args->n <= 4 && args->items[0]->kind == PICKLE_TENSOR)
			return args->items[0];
		pickle_fail(m, "a parameter that is no (tensor, ...)");
		return NULL;
	}
	return NULL;
}
