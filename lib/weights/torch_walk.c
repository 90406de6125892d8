/* From the values of a pickle to named tensors. */
#include "weights/torch_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	MAX_LEVELS = 16,	/* of dictionaries and lists in each other */
	MAX_NAME = 256,
	MAX_TEXT = 4096,	/* of metadata; longer text is left out */
	WALK_FACTOR = 8,	/* steps and bytes of names and metadata for each byte of the pickle */
	COPY_FACTOR = 8,	/* bytes of copied tensors for each byte of the file */
};

struct walker {
	struct safetensors *s;
	const struct torch_blobs *blobs;
	int64_t item_room, meta_room;
	uint64_t steps_left, copy_left;
	char name[MAX_NAME];
};

static int too_often(const struct walker *w)
{
	return err_set("'%s': values are shared so often that they are out of proportion to the file", w->s->path);
}

static int spend(struct walker *w, size_t bytes)
{
	if (bytes >= w->steps_left)
		return too_often(w);
	w->steps_left -= bytes;
	return 0;
}

/* Elements one by one in the order of the indices. */
static void gather(uint8_t *to, const uint8_t *from, const struct pickle_tensor *t, int64_t count)
{
	const struct stored_dtype *stored = t->storage->dtype;
	size_t size = dtype_size((int)stored->dtype);
	int64_t index[TENSOR_MAX_RANK] = { 0 }, at = 0;
	for (int64_t i = 0; i < count; i++) {
		stored_widen(to + (size_t)i * size, from + (size_t)at * stored->size, stored);
		for (int d = t->rank - 1; d >= 0; d--) {
			at += t->stride[d];
			if (++index[d] < t->dim[d])
				break;
			at -= t->stride[d] * t->dim[d];
			index[d] = 0;
		}
	}
}

static bool is_contiguous(const struct pickle_tensor *t)
{
	int64_t step = 1;
	for (int d = t->rank - 1; d >= 0; d--) {
		if (t->dim[d] != 1 && t->stride[d] != step)
			return false;
		step *= t->dim[d];
	}
	return true;
}

static int fill_tensor(struct walker *w, struct tensor *to, const struct pickle_tensor *t)
{
	const struct pickle_storage *storage = t->storage;
	const struct torch_blob *blob = torch_blobs_find(w->blobs, storage->key, storage->key_size);
	const struct stored_dtype *stored = storage->dtype;
	if (blob == NULL || blob->data == NULL)
		return err_set("'%s': the elements of '%s' are not in the file", w->s->path, w->name);
	const uint8_t *from = blob->data + (size_t)(storage->offset + t->offset) * stored->size;
	*to = tensor_view(stored->dtype, t->rank, t->dim, (void *)(uintptr_t)from);
	int64_t count = 1;
	for (int d = 0; d < t->rank; d++)
		count = t->dim[d] == 0 ? 0 : count * t->dim[d];
	if (count == 0 || (stored_dtype_is_plain(stored) && (uintptr_t)from % stored->size == 0 && is_contiguous(t)))
		return 0;
	size_t bytes = (size_t)count * dtype_size((int)stored->dtype);
	if (bytes > w->copy_left)
		return too_often(w);
	w->copy_left -= bytes;
	to->data = arena_alloc(&w->s->arena, bytes);
	if (to->data == NULL)
		return -1;
	gather(to->data, from, t, count);
	return 0;
}

static int add_tensor(struct walker *w, const struct pickle_tensor *t)
{
	struct safetensors *s = w->s;
	TRY(arena_grow(&s->items, s->n_items, &w->item_room, sizeof *s->items, &s->arena));
	struct safetensors_item *item = &s->items[s->n_items++];
	TRY(spend(w, strlen(w->name)));
	item->stored = t->storage->dtype;
	item->name = arena_strdup(&s->arena, w->name);
	return item->name == NULL ? -1 : fill_tensor(w, &item->tensor, t);
}

static bool is_clean(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			return false;
	return true;
}

static int add_meta(struct walker *w, const struct pickle_value *v)
{
	struct safetensors *s = w->s;
	char number[40];
	if (v->kind == PICKLE_FLOAT)
		snprintf(number, sizeof number, "%.17g", v->number);
	else if (v->kind == PICKLE_BOOL)
		snprintf(number, sizeof number, "%s", v->integer ? "true" : "false");
	else if (v->kind == PICKLE_INTEGER)
		snprintf(number, sizeof number, "%" PRId64, v->integer);
	const char *text = v->kind == PICKLE_TEXT ? v->text : number;
	size_t size = v->kind == PICKLE_TEXT ? v->size : strlen(number);
	if (size > MAX_TEXT || !is_clean(text, size))
		return 0;
	TRY(spend(w, strlen(w->name) + size));
	TRY(arena_grow(&s->meta, s->n_meta, &w->meta_room, sizeof *s->meta, &s->arena));
	struct safetensors_meta *meta = &s->meta[s->n_meta++];
	meta->key = arena_strdup(&s->arena, w->name);
	meta->value = arena_strndup(&s->arena, text, size);
	return meta->key == NULL || meta->value == NULL ? -1 : 0;
}

/* The name of a key behind the first `used` bytes; its length, 0 for a key that names nothing, or -1. */
static int name_key(struct walker *w, size_t used, const struct pickle_value *key)
{
	char number[24];
	snprintf(number, sizeof number, "%" PRId64, key->kind == PICKLE_INTEGER ? key->integer : 0);
	const char *text = key->kind == PICKLE_TEXT ? key->text : number;
	size_t size = key->kind == PICKLE_TEXT ? key->size : strlen(number);
	if ((key->kind != PICKLE_TEXT && key->kind != PICKLE_INTEGER) || !is_clean(text, size))
		return 0;
	if (used + size + 2 > sizeof w->name)
		return err_set("'%s': a name of more than %d bytes", w->s->path, MAX_NAME - 2);
	return snprintf(w->name + used, sizeof w->name - used, "%s%.*s", used > 0 ? "." : "", (int)size, text);
}

static int visit(struct walker *w, const struct pickle_value *v, size_t used, int level, bool is_entry);

static int visit_items(struct walker *w, const struct pickle_value *v, size_t used, int level)
{
	bool dict = v->kind == PICKLE_DICT;
	if (level == MAX_LEVELS)
		return err_set("'%s': values are nested deeper than %d", w->s->path, MAX_LEVELS);
	for (int i = 0; i < v->n; i += dict ? 2 : 1) {
		const struct pickle_value place = { .kind = PICKLE_INTEGER, .integer = i };
		TRY(spend(w, 1));
		int size = name_key(w, used, dict ? v->items[i] : &place);
		if (size < 0)
			return -1;
		if (size > 0)
			TRY(visit(w, v->items[dict ? i + 1 : i], used + (size_t)size, level + 1, dict));
	}
	return 0;
}

/* w->name [used] is the value's. */
static int visit(struct walker *w, const struct pickle_value *v, size_t used, int level, bool is_entry)
{
	w->name[used] = '\0';
	switch (v->kind) {
	case PICKLE_TENSOR:
		return add_tensor(w, v->tensor);
	case PICKLE_DICT:
	case PICKLE_LIST:
	case PICKLE_TUPLE:
		return visit_items(w, v, used, level);
	case PICKLE_BOOL:
	case PICKLE_INTEGER:
	case PICKLE_FLOAT:
	case PICKLE_TEXT:
		return is_entry ? add_meta(w, v) : 0;
	case PICKLE_NONE:
	case PICKLE_GLOBAL:
	case PICKLE_STORAGE:
		return 0;
	}
	return 0;
}

int torch_walk(struct safetensors *s, const struct pickle_value *root, const struct torch_blobs *blobs, size_t file_size,
	       size_t pickle_size)
{
	struct walker w = {
		.s = s, .blobs = blobs, .steps_left = (uint64_t)pickle_size * WALK_FACTOR, .copy_left = (uint64_t)file_size * COPY_FACTOR,
	};
	TRY(visit(&w, root, 0, 0, false));
	return s->n_items > 0 ? 0 : err_set("'%s' holds no tensors", s->path);
}
