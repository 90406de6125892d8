#include "stream/safetensors.h"

#include "base/io.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* What the header says of one tensor. */
struct entry {
	const struct stored_dtype *dtype;	/* NULL: not seen */
	int rank;	/* -1: not seen */
	int64_t dim[TENSOR_MAX_RANK];
	int64_t begin, end;	/* -1: not seen */
};

static int read_dtype(struct json_reader *j, struct entry *e)
{
	if (json_next(j) != JSON_STRING)
		return json_fail(j, "dtype must be a string");
	e->dtype = stored_dtype_safetensors(j->text);
	return e->dtype != NULL ? 0 : json_fail(j, "dtype %s is not supported", j->text);
}

/* An array of at most max whole numbers; how many, or -1. */
static int read_integers(struct json_reader *j, int64_t *to, int max)
{
	enum json_event e = json_next(j);
	if (e != JSON_ARRAY_BEGIN)
		return json_fail(j, "an array of whole numbers is wanted here");
	int n = 0;
	while ((e = json_next(j)) == JSON_NUMBER && j->is_integer && j->integer >= 0 && n < max)
		to[n++] = j->integer;
	return e == JSON_ARRAY_END ? n : json_fail(j, "at most %d whole numbers are wanted here", max);
}

static int read_entry(struct json_reader *j, struct entry *e)
{
	*e = (struct entry){ .rank = -1, .begin = -1, .end = -1 };
	enum json_event event = json_next(j);
	if (event != JSON_OBJECT_BEGIN)
		return json_fail(j, "a tensor must be an object");
	while ((event = json_next(j)) == JSON_KEY) {
		int64_t offsets[2];
		if (json_is(j, "dtype")) {
			TRY(read_dtype(j, e));
		} else if (json_is(j, "shape")) {
			e->rank = read_integers(j, e->dim, TENSOR_MAX_RANK);
			if (e->rank < 0)
				return -1;
		} else if (json_is(j, "data_offsets")) {
			if (read_integers(j, offsets, 2) != 2)
				return json_fail(j, "data_offsets must be two numbers");
			e->begin = offsets[0];
			e->end = offsets[1];
		} else {
			TRY(json_skip(j));
		}
	}
	if (event == JSON_ERROR)
		return -1;
	if (e->dtype == NULL || e->rank < 0 || e->begin < 0)
		return json_fail(j, "a tensor needs dtype, shape and data_offsets");
	return 0;
}

static int check_size(struct json_reader *j, const struct entry *e, size_t data_size)
{
	size_t bytes = e->dtype->size;
	for (int i = 0; i < e->rank; i++)
		if (__builtin_mul_overflow(bytes, (size_t)e->dim[i], &bytes))
			return json_fail(j, "the shape is too large");
	if (e->end < e->begin || (size_t)e->end > data_size || (size_t)(e->end - e->begin) != bytes)
		return json_fail(j, "data_offsets %" PRId64 " to %" PRId64 " do not fit shape and file", e->begin, e->end);
	return 0;
}

/* The data as it lies there, or where that cannot be used a copy. */
static int add_item(struct safetensors *s, const char *name, const struct entry *e, uint8_t *data)
{
	const struct stored_dtype *stored = e->dtype;
	uint8_t *at = data + e->begin;
	struct safetensors_item *item = &s->items[s->n_items++];
	item->name = name;
	item->stored = stored;
	item->tensor = tensor_view(stored->dtype, e->rank, e->dim, at);
	if (stored_dtype_is_plain(stored) && (uintptr_t)at % stored->size == 0)
		return 0;
	size_t size = dtype_size((int)stored->dtype);
	TRY(tensor_new(&item->tensor, &s->arena, stored->dtype, e->rank, e->dim));
	for (int64_t i = 0; i < tensor_count(&item->tensor); i++)
		stored_widen((uint8_t *)item->tensor.data + (size_t)i * size, at + (size_t)i * stored->size, stored);
	return 0;
}

static int read_meta(struct safetensors *s, struct json_reader *j, int room)
{
	enum json_event e = json_next(j);
	if (e != JSON_OBJECT_BEGIN)
		return json_fail(j, "__metadata__ must be an object");
	while ((e = json_next(j)) == JSON_KEY && s->n_meta < room) {
		struct safetensors_meta *meta = &s->meta[s->n_meta++];
		meta->key = arena_strndup(&s->arena, j->text, j->text_size);
		if (json_next(j) != JSON_STRING)
			return json_fail(j, "metadata must be text");
		meta->value = arena_strndup(&s->arena, j->text, j->text_size);
		if (meta->key == NULL || meta->value == NULL)
			return -1;
	}
	return e == JSON_OBJECT_END ? 0 : e == JSON_ERROR ? -1 : json_fail(j, "too much metadata");
}

static int read_header(struct safetensors *s, struct json_reader *j, uint8_t *data, size_t data_size, int room)
{
	enum json_event event = json_next(j);
	if (event != JSON_OBJECT_BEGIN)
		return json_fail(j, "the header must be an object");
	while ((event = json_next(j)) == JSON_KEY) {
		if (json_is(j, "__metadata__")) {
			TRY(read_meta(s, j, room));
			continue;
		}
		struct entry e;
		char *name = arena_strndup(&s->arena, j->text, j->text_size);
		if (name == NULL)
			return -1;
		TRY(read_entry(j, &e));
		TRY(check_size(j, &e, data_size));
		if (s->n_items == room)
			return json_fail(j, "too many tensors");
		TRY(add_item(s, name, &e, data));
	}
	return event == JSON_ERROR || json_next(j) != JSON_END ? -1 : 0;
}

static int compare_items(const void *a, const void *b)
{
	return strcmp(((const struct safetensors_item *)a)->name, ((const struct safetensors_item *)b)->name);
}

int safetensors_sort(struct safetensors *s)
{
	if (s->n_items > 1)
		qsort(s->items, (size_t)s->n_items, sizeof *s->items, compare_items);
	for (int i = 1; i < s->n_items; i++)
		if (strcmp(s->items[i - 1].name, s->items[i].name) == 0)
			return err_set("'%s' has two tensors named '%s'", s->path, s->items[i].name);
	return 0;
}

static int check_hash(const struct safetensors *s, const uint8_t *data, size_t data_size)
{
	const char *want = safetensors_find_meta(s, "xxh3");
	if (want != NULL && strtoull(want, NULL, 16) != XXH3_64bits(data, data_size))
		return err_set("'%s' is damaged: the hash of its data does not match", s->path);
	return 0;
}

int safetensors_read(struct safetensors *s, uint8_t *bytes, size_t size)
{
	uint64_t header = 0;
	for (int i = 0; i < 8 && size >= 8; i++)
		header |= (uint64_t)bytes[i] << (8 * i);
	if (size < 8 || header > size - 8 || header < 2)
		return err_set("'%s' is not a safetensors file", s->path);
	/* Every tensor and every metadata pair takes more than 4 bytes of the header. */
	int room = header / 4 < 1 << 20 ? (int)(header / 4) : 1 << 20;
	s->items = arena_calloc(&s->arena, (size_t)room, sizeof *s->items);
	s->meta = arena_calloc(&s->arena, (size_t)room, sizeof *s->meta);
	if (s->items == NULL || s->meta == NULL)
		return -1;
	struct json_reader j;
	TRY(json_open_memory(&j, bytes + 8, header, s->path));
	uint8_t *data = bytes + 8 + header;
	int status = read_header(s, &j, data, size - 8 - header, room);
	json_close(&j);
	TRY(status);
	TRY(safetensors_sort(s));
	return check_hash(s, data, size - 8 - header);
}

int safetensors_open(struct safetensors *s, const char *path)
{
	*s = (struct safetensors){ 0 };
	arena_init(&s->arena, 1 << 16);
	uint8_t *bytes = NULL;
	size_t size = 0;
	s->path = arena_strdup(&s->arena, path);
	if (s->path == NULL || io_read_file(path, &bytes, &size, &s->arena) != 0 || safetensors_read(s, bytes, size) != 0) {
		safetensors_close(s);
		return -1;
	}
	return 0;
}

const struct tensor *safetensors_find(const struct safetensors *s, const char *name)
{
	if (s->n_items == 0)
		return NULL;
	struct safetensors_item key = { .name = name };
	const struct safetensors_item *item =
		bsearch(&key, s->items, (size_t)s->n_items, sizeof *s->items, compare_items);
	return item == NULL ? NULL : &item->tensor;
}

const char *safetensors_find_meta(const struct safetensors *s, const char *key)
{
	for (int i = 0; i < s->n_meta; i++)
		if (strcmp(s->meta[i].key, key) == 0)
			return s->meta[i].value;
	return NULL;
}

void safetensors_close(struct safetensors *s)
{
	arena_release(&s->arena);
	*s = (struct safetensors){ 0 };
}

static void put_meta(struct json_writer *w, const struct safetensors_meta *meta, int n_meta, uint64_t hash)
{
	char text[17];
	snprintf(text, sizeof text, "%016" PRIx64, hash);
	json_put_key(w, "__metadata__");
	json_put_object(w);
	json_put_key(w, "xxh3");
	json_put_string(w, text);
	for (int i = 0; i < n_meta; i++) {
		json_put_key(w, meta[i].key);
		json_put_string(w, meta[i].value);
	}
	json_put_end(w, '}');
}

static void put_item(struct json_writer *w, const struct safetensors_item *item, size_t *offset)
{
	const struct tensor *t = &item->tensor;
	json_put_key(w, item->name);
	json_put_object(w);
	json_put_key(w, "dtype");
	json_put_string(w, stored_dtype_of(t->dtype)->safetensors);
	json_put_key(w, "shape");
	json_put_array(w);
	for (int d = 0; d < t->rank; d++)
		json_put_integer(w, t->dim[d]);
	json_put_end(w, ']');
	json_put_key(w, "data_offsets");
	json_put_array(w);
	json_put_integer(w, (int64_t)*offset);
	*offset += tensor_bytes(t);
	json_put_integer(w, (int64_t)*offset);
	json_put_end(w, ']');
	json_put_end(w, '}');
}

/* The JSON, padded with blanks so that the data starts at a multiple of 64. The caller frees it. */
static char *header_text(size_t *size, const struct safetensors_item *items, int n_items,
			 const struct safetensors_meta *meta, int n_meta, uint64_t hash)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, size);
	if (file == NULL)
		return NULL;
	struct json_writer w;
	size_t offset = 0;
	json_writer_init(&w, file);
	json_put_object(&w);
	put_meta(&w, meta, n_meta, hash);
	for (int i = 0; i < n_items; i++)
		put_item(&w, &items[i], &offset);
	json_put_end(&w, '}');
	while ((8 + ftell(file)) % 64 != 0)
		fputc(' ', file);
	bool failed = ferror(file);
	if (fclose(file) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}

static int write_all(struct atomic_file *f, const char *header, size_t header_size,
		     const struct safetensors_item *items, int n_items)
{
	uint8_t length[8];
	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)((uint64_t)header_size >> (8 * i));
	TRY(io_write(f->fd, f->path, length, sizeof length));
	TRY(io_write(f->fd, f->path, header, header_size));
	for (int i = 0; i < n_items; i++)
		TRY(io_write(f->fd, f->path, items[i].tensor.data, tensor_bytes(&items[i].tensor)));
	return 0;
}

static int hash_data(uint64_t *hash, const struct safetensors_item *items, int n_items)
{
	XXH3_state_t *state = XXH3_createState();
	if (state == NULL)
		return err_set("out of memory");
	XXH3_64bits_reset(state);
	for (int i = 0; i < n_items; i++)
		XXH3_64bits_update(state, items[i].tensor.data, tensor_bytes(&items[i].tensor));
	*hash = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return 0;
}

int safetensors_write(const char *path, const struct safetensors_item *items, int n_items,
		      const struct safetensors_meta *meta, int n_meta)
{
	uint64_t hash = 0;
	TRY(hash_data(&hash, items, n_items));
	size_t size;
	char *header = header_text(&size, items, n_items, meta, n_meta, hash);
	if (header == NULL)
		return err_set("out of memory");
	struct atomic_file f;
	int status = atomic_open(&f, path);
	if (status == 0) {
		status = write_all(&f, header, size, items, n_items);
		if (status == 0)
			status = atomic_commit(&f);
		else
			atomic_abandon(&f);
	}
	free(header);
	return status;
}
