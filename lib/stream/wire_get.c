#include "stream/wire.h"

#include <string.h>

static int expect(struct wire_cursor *c, const char *key, enum wire_type type, struct wire_item *item)
{
	TRY(wire_next(c, item));
	if (item->type != type)
		return err_set("key '%s': wanted %s, got %s", key, wire_type_name(type), wire_type_name(item->type));
	return 0;
}

int wire_get_int(struct wire_cursor *c, const char *key, int64_t min, int64_t max, int64_t *value)
{
	struct wire_item item;
	TRY(expect(c, key, WIRE_INT, &item));
	if (item.above || item.integer < min || item.integer > max)
		return err_set("key '%s': %lld is not between %lld and %lld", key, (long long)item.integer,
			       (long long)min, (long long)max);
	*value = item.integer;
	return 0;
}

int wire_get_number(struct wire_cursor *c, const char *key, double *value)
{
	struct wire_item item;
	TRY(wire_next(c, &item));
	if (item.type == WIRE_INT)
		*value = item.above ? (double)(uint64_t)item.integer : (double)item.integer;
	else if (item.type == WIRE_FLOAT)
		*value = item.number;
	else
		return err_set("key '%s': wanted a number, got %s", key, wire_type_name(item.type));
	return 0;
}

int wire_get_text(struct wire_cursor *c, const char *key, const char **value, struct arena *a)
{
	struct wire_item item;
	TRY(expect(c, key, WIRE_TEXT, &item));
	if (memchr(item.data, '\0', item.size) != NULL)
		return err_set("key '%s': a NUL inside the text", key);
	*value = arena_strndup(a, (const char *)item.data, item.size);
	return *value == NULL ? -1 : 0;
}

int wire_get_array(struct wire_cursor *c, const char *key, uint32_t *size)
{
	struct wire_item item;
	TRY(expect(c, key, WIRE_ARRAY, &item));
	*size = item.size;
	return 0;
}

int wire_get_map(struct wire_cursor *c, const char *key, uint32_t *size)
{
	struct wire_item item;
	TRY(expect(c, key, WIRE_MAP, &item));
	*size = item.size;
	return 0;
}

int wire_get_tensor(struct wire_cursor *c, const char *key, int dtype, int rank, struct tensor *value,
		    struct arena *a)
{
	struct wire_item item;
	struct tensor t;
	char shape[96];
	TRY(expect(c, key, WIRE_EXT, &item));
	if (item.ext != WIRE_TENSOR)
		return err_set("key '%s': wanted a tensor, got an ext of type %d", key, item.ext);
	if (wire_tensor(&item, c->start, &t) != 0)
		return err_context("key '%s'", key);
	if ((int)t.dtype != dtype || t.rank != rank)
		return err_set("key '%s': wanted %s of rank %d, got %s %s", key, dtype_name(dtype), rank,
			       dtype_name((int)t.dtype), tensor_shape_text(&t, shape));
	if ((uintptr_t)t.data % dtype_size(dtype) != 0) {
		void *copy = arena_alloc(a, tensor_bytes(&t));
		if (copy == NULL)
			return -1;
		memcpy(copy, t.data, tensor_bytes(&t));
		t.data = copy;
	}
	*value = t;
	return 0;
}
