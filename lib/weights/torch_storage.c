#include "weights/torch_read.h"

#include <stdlib.h>
#include <string.h>

static int compare_keys(const struct pickle_storage *x, const struct pickle_storage *y)
{
	size_t n = x->key_size < y->key_size ? x->key_size : y->key_size;
	int order = memcmp(x->key, y->key, n);
	return order != 0 ? order : (x->key_size > y->key_size) - (x->key_size < y->key_size);
}

static int compare_blobs(const void *a, const void *b)
{
	return compare_keys(((const struct torch_blob *)a)->storage, ((const struct torch_blob *)b)->storage);
}

int torch_blobs_collect(struct torch_blobs *b, const struct pickle *p, const char *path, struct arena *a)
{
	int n = 0;
	*b = (struct torch_blobs){ .path = path, .blobs = arena_calloc(a, (size_t)p->n_storages + 1, sizeof *b->blobs) };
	if (b->blobs == NULL)
		return -1;
	for (const struct pickle_storage *s = p->storages; s != NULL; s = s->next)
		b->blobs[n++].storage = s;
	if (n > 1)
		qsort(b->blobs, (size_t)n, sizeof *b->blobs, compare_blobs);
	for (int i = 0; i < n; i++) {
		const struct pickle_storage *s = b->blobs[i].storage, *last = b->n > 0 ? b->blobs[b->n - 1].storage : NULL;
		if (last == NULL || compare_keys(s, last) != 0)
			b->blobs[b->n++].storage = s;
		else if (s->dtype != last->dtype || s->root_count != last->root_count)
			return err_set("'%s': storage '%.*s' has two types or sizes", path, s->key_size < 100 ? (int)s->key_size : 100, s->key);
	}
	return 0;
}

struct torch_blob *torch_blobs_find(const struct torch_blobs *b, const char *key, size_t key_size)
{
	struct pickle_storage wanted = { .key = key, .key_size = key_size };
	struct torch_blob blob = { .storage = &wanted };
	return b->n == 0 ? NULL : bsearch(&blob, b->blobs, (size_t)b->n, sizeof *b->blobs, compare_blobs);
}
