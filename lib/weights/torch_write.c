#include "base/zip.h"
#include "weights/torch_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The opcodes are those of pickle protocol 2. */
static void put_number(FILE *f, int64_t x)
{
	int width = x >= INT32_MIN && x <= INT32_MAX ? 4 : 8;
	if (width == 4)
		fputc('J', f);
	else
		fwrite("\x8a\x08", 1, 2, f);
	for (int i = 0; i < width; i++)
		fputc((int)((uint64_t)x >> (8 * i) & 255), f);
}

static void put_text(FILE *f, const char *text)
{
	size_t size = strlen(text);
	fputc('X', f);
	for (int i = 0; i < 4; i++)
		fputc((int)(size >> (8 * i) & 255), f);
	fwrite(text, 1, size, f);
}

static void put_ordered_dict(FILE *f)
{
	fputs("ccollections\nOrderedDict\n)R", f);
}

static void put_tuple(FILE *f, const int64_t *x, int n)
{
	fputc('(', f);
	for (int i = 0; i < n; i++)
		put_number(f, x[i]);
	fputc('t', f);
}

/* _rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()) */
static void put_tensor(FILE *f, const struct tensor *t, int key)
{
	int64_t stride[TENSOR_MAX_RANK], step = 1;
	char text[16];
	for (int d = t->rank - 1; d >= 0; d--) {
		stride[d] = step;
		step *= t->dim[d];
	}
	snprintf(text, sizeof text, "%d", key);
	fputs("ctorch._utils\n_rebuild_tensor_v2\n((", f);
	put_text(f, "storage");
	fprintf(f, "ctorch\n%s\n", stored_dtype_of(t->dtype)->torch);
	put_text(f, text);
	put_text(f, "cpu");
	put_number(f, tensor_count(t));
	fputs("tQ", f);
	put_number(f, 0);
	put_tuple(f, t->dim, t->rank);
	put_tuple(f, stride, t->rank);
	fputc('\x89', f);
	put_ordered_dict(f);
	fputs("tR", f);
}

static void put_pickle(FILE *f, const struct safetensors_item *items, int n_items)
{
	fwrite("\x80\x02", 1, 2, f);
	put_ordered_dict(f);
	fputc('(', f);
	for (int i = 0; i < n_items; i++) {
		put_text(f, items[i].name);
		put_tensor(f, &items[i].tensor, i);
	}
	fputs("u.", f);
}

/* The caller frees the text. */
static char *pickle_text(size_t *size, const struct safetensors_item *items, int n_items)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size);
	if (f == NULL)
		return err_null("out of memory");
	put_pickle(f, items, n_items);
	bool failed = ferror(f);
	if (fclose(f) == 0 && !failed)
		return text;
	free(text);
	return err_null("out of memory");
}

/* The archive's members: the pickle, the byte order, the storages, the version. Their number, or -1. */
static int make_members(struct zip_member *m, const char *pickle, size_t pickle_size, const struct safetensors_item *items,
			int n_items, struct arena *a)
{
	int n = 0;
	m[n++] = (struct zip_member){ .name = "archive/data.pkl", .data = pickle, .size = pickle_size };
	m[n++] = (struct zip_member){ .name = "archive/byteorder", .data = "little", .size = 6 };
	for (int i = 0; i < n_items; i++) {
		char name[40];
		snprintf(name, sizeof name, "archive/data/%d", i);
		const char *kept = arena_strdup(a, name);
		if (kept == NULL)
			return -1;
		m[n++] = (struct zip_member){
			.name = kept, .data = items[i].tensor.data, .size = tensor_bytes(&items[i].tensor), .align = 64,
		};
	}
	m[n++] = (struct zip_member){ .name = "archive/version", .data = "3\n", .size = 2 };
	return n;
}

static int write_members(const char *path, const struct zip_member *members, int n)
{
	struct atomic_file f;
	TRY(atomic_open(&f, path));
	if (zip_write(&f, members, n) == 0)
		return atomic_commit(&f);
	atomic_abandon(&f);
	return -1;
}

int torch_file_write(const char *path, const struct safetensors_item *items, int n_items)
{
	struct arena a;
	size_t size;
	int status = -1;
	char *pickle = pickle_text(&size, items, n_items);
	if (pickle == NULL)
		return -1;
	arena_init(&a, 1 << 16);
	struct zip_member *members = arena_calloc(&a, (size_t)n_items + 3, sizeof *members);
	int n = members == NULL ? -1 : make_members(members, pickle, size, items, n_items, &a);
	if (n > 0)
		status = write_members(path, members, n);
	arena_release(&a);
	free(pickle);
	return status;
}
