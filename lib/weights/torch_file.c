#include "weights/torch_file.h"

#include "base/zip.h"
#include "weights/torch_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_MEMBER_NAME = 512 };

/* The first pickle of the legacy form, but for its protocol in byte 1: the number 0x1950a86a20f9469cfc6c. */
static const uint8_t legacy_magic[] = { 0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.' };

static bool is_legacy(const uint8_t *bytes, size_t size)
{
	return size >= sizeof legacy_magic && bytes[0] == legacy_magic[0] &&
	       memcmp(bytes + 2, legacy_magic + 2, sizeof legacy_magic - 2) == 0;
}

bool torch_file_is(const void *bytes, size_t size)
{
	return zip_is(bytes, size) || is_legacy(bytes, size);
}

/* The member whose name is ROOT/data.pkl, without more levels. */
static const struct zip_member *find_pickle(const struct zip *z)
{
	for (int i = 0; i < z->n; i++) {
		const char *slash = strchr(z->members[i].name, '/');
		if (slash != NULL && strcmp(slash, "/data.pkl") == 0)
			return &z->members[i];
	}
	return NULL;
}

/* "<root of pickle><rest>", which is NULL when the archive has none. */
static const struct zip_member *find_beside(const struct zip *z, const struct zip_member *pickle, const char *rest)
{
	char name[MAX_MEMBER_NAME];
	int root = (int)strcspn(pickle->name, "/");
	int n = snprintf(name, sizeof name, "%.*s/%s", root, pickle->name, rest);
	return n < 0 || (size_t)n >= sizeof name ? NULL : zip_find(z, name);
}

static int check_size(const struct torch_blobs *b, const struct pickle_storage *storage, size_t size)
{
	size_t wanted;
	if (__builtin_mul_overflow((size_t)storage->root_count, storage->dtype->size, &wanted) || wanted != size)
		return err_set("'%s': storage '%.*s' should have %" PRId64 " elements of %s, but %zu bytes are there", b->path,
			       storage->key_size < 100 ? (int)storage->key_size : 100, storage->key, storage->root_count,
			       storage->dtype->name, size);
	return 0;
}

static int read_zip(struct safetensors *s, const uint8_t *bytes, size_t size)
{
	struct zip z;
	struct pickle p;
	struct torch_blobs blobs;
	char key[MAX_MEMBER_NAME];
	TRY(zip_open(&z, bytes, size, s->path, &s->arena));
	const struct zip_member *pickle = find_pickle(&z);
	if (pickle == NULL)
		return err_set("'%s' is a zip archive, but not one of torch.save(): it has no data.pkl", s->path);
	const struct zip_member *order = find_beside(&z, pickle, "byteorder");
	if (order != NULL && (order->size < 6 || memcmp(order->data, "little", 6) != 0))
		return err_set("'%s' has big-endian numbers, which are not read", s->path);
	size_t at = (size_t)((const uint8_t *)pickle->data - bytes);
	TRY(pickle_read(&p, pickle->data, pickle->size, at, s->path, &s->arena));
	TRY(torch_blobs_collect(&blobs, &p, s->path, &s->arena));
	for (int i = 0; i < blobs.n; i++) {
		const struct pickle_storage *storage = blobs.blobs[i].storage;
		snprintf(key, sizeof key, "data/%.*s", storage->key_size < sizeof key ? (int)storage->key_size : 0, storage->key);
		const struct zip_member *m = find_beside(&z, pickle, key);
		if (m == NULL)
			return err_set("'%s' has no elements for storage '%.100s'", s->path, key + 5);
		TRY(check_size(&blobs, storage, m->size));
		blobs.blobs[i].data = m->data;
	}
	return torch_walk(s, p.value, &blobs, size, p.size);
}

static int64_t little_i64(const uint8_t *p)
{
	uint64_t x = 0;
	for (int i = 0; i < 8; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return (int64_t)x;
}

/* Behind the pickles: for each key the number of elements, and these. */
static int find_elements(struct torch_blobs *blobs, const struct pickle_value *keys, const uint8_t *bytes, size_t size)
{
	size_t at = 0;
	if (keys->kind != PICKLE_LIST)
		return err_set("'%s' is damaged: it has no list of storages", blobs->path);
	for (int i = 0; i < keys->n; i++) {
		const struct pickle_value *key = keys->items[i];
		struct torch_blob *blob = key->kind == PICKLE_TEXT ? torch_blobs_find(blobs, key->text, key->size) : NULL;
		if (blob == NULL)
			return err_set("'%s': storage %d of the file belongs to no tensor", blobs->path, i + 1);
		if (size - at < 8)
			return err_set("'%s' is cut off: %d of %d storages are there", blobs->path, i, keys->n);
		int64_t count = little_i64(bytes + at);
		size_t unit = blob->storage->dtype->size;
		at += 8;
		if (count < 0 || (uint64_t)count > (size - at) / unit)
			return err_set("'%s' is cut off: storage %d of %d should have %" PRId64 " elements", blobs->path, i + 1, keys->n, count);
		TRY(check_size(blobs, blob->storage, (size_t)count * unit));
		blob->data = bytes + at;
		at += (size_t)count * unit;
	}
	return 0;
}

static int read_legacy(struct safetensors *s, const uint8_t *bytes, size_t size)
{
	enum { PROTOCOL, MACHINE, OBJECT, KEYS, N_PICKLES };
	struct pickle p[N_PICKLES];
	struct torch_blobs blobs;
	size_t at = sizeof legacy_magic;
	for (int i = 0; i < N_PICKLES; i++) {
		TRY(pickle_read(&p[i], bytes + at, size - at, at, s->path, &s->arena));
		at += p[i].size;
	}
	const struct pickle_value *little = pickle_find(p[MACHINE].value, "little_endian");
	if (little != NULL && (little->kind != PICKLE_BOOL || !little->integer))
		return err_set("'%s' has big-endian numbers, which are not read", s->path);
	TRY(torch_blobs_collect(&blobs, &p[OBJECT], s->path, &s->arena));
	TRY(find_elements(&blobs, p[KEYS].value, bytes + at, size - at));
	return torch_walk(s, p[OBJECT].value, &blobs, size, p[OBJECT].size);
}

int torch_file_read(struct safetensors *s, uint8_t *bytes, size_t size)
{
	if (zip_is(bytes, size))
		TRY(read_zip(s, bytes, size));
	else if (is_legacy(bytes, size))
		TRY(read_legacy(s, bytes, size));
	else
		return err_set("'%s' is no file of torch.save()", s->path);
	return safetensors_sort(s);
}
