#include "base/zip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, LOCATOR_SIZE = 20, END64_SIZE = 56,
	MAX_COMMENT = 65535,
	LOCAL_MARK = 0x04034b50, CENTRAL_MARK = 0x02014b50, END_MARK = 0x06054b50, LOCATOR_MARK = 0x07064b50, END64_MARK = 0x06064b50,
	ENCRYPTED = 1,
	EXTRA_ZIP64 = 1,
};

/* Of the directory at the archive's end. */
struct directory {
	const uint8_t *bytes;
	size_t size;	/* of the file */
	uint64_t at, length, n;
	const char *path;
};

/* Where a member is, to see that no two share bytes. */
struct span {
	uint64_t begin, end;
	const char *name;
};

static uint64_t get(const uint8_t *p, int n)
{
	uint64_t x = 0;
	for (int i = 0; i < n; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

bool zip_is(const void *bytes, size_t size)
{
	return size >= END_SIZE && (get(bytes, 4) == LOCAL_MARK || get(bytes, 4) == END_MARK);
}

/* The record at the very end, behind which only a comment may stand. */
static const uint8_t *find_end(const uint8_t *bytes, size_t size)
{
	for (size_t comment = 0; comment <= MAX_COMMENT && comment + END_SIZE <= size; comment++) {
		const uint8_t *p = bytes + size - END_SIZE - comment;
		if (get(p, 4) == END_MARK && get(p + 20, 2) == comment)
			return p;
	}
	return NULL;
}

/* Where the plain record's fields are full, those of zip64 count. */
static int read_end64(struct directory *d, const uint8_t *end)
{
	size_t at = (size_t)(end - d->bytes);
	if (d->n != 0xffff && d->length != 0xffffffff && d->at != 0xffffffff)
		return 0;
	if (at < LOCATOR_SIZE || get(end - LOCATOR_SIZE, 4) != LOCATOR_MARK)
		return 0;
	uint64_t place = get(end - LOCATOR_SIZE + 8, 8);
	if (place > d->size || d->size - place < END64_SIZE || get(d->bytes + place, 4) != END64_MARK)
		return err_set("'%s' is a damaged zip archive: its zip64 directory is not where it should be", d->path);
	d->n = get(d->bytes + place + 32, 8);
	d->length = get(d->bytes + place + 40, 8);
	d->at = get(d->bytes + place + 48, 8);
	return 0;
}

static int find_directory(struct directory *d)
{
	const uint8_t *end = find_end(d->bytes, d->size);
	if (end == NULL)
		return err_set("'%s' is a damaged zip archive: it has no directory (is it cut off?)", d->path);
	d->n = get(end + 10, 2);
	d->length = get(end + 12, 4);
	d->at = get(end + 16, 4);
	TRY(read_end64(d, end));
	if (d->at > d->size || d->length > d->size - d->at || d->n > d->length / CENTRAL_SIZE)
		return err_set("'%s' is a damaged zip archive: its directory lies outside the file", d->path);
	return 0;
}

/* Sizes and place of an entry, each from the extra field of zip64 where the plain field is full. */
static int read_sizes(uint64_t value[3], const struct directory *d, const uint8_t *entry, const char *name)
{
	const uint8_t *extra = entry + CENTRAL_SIZE + get(entry + 28, 2), *end = extra + get(entry + 30, 2);
	value[0] = get(entry + 24, 4);	/* expanded */
	value[1] = get(entry + 20, 4);	/* stored */
	value[2] = get(entry + 42, 4);
	while (end - extra >= 4) {
		size_t size = get(extra + 2, 2);
		const uint8_t *at = extra + 4;
		if (size > (size_t)(end - at))
			break;
		extra = at + size;
		for (int i = 0; i < 3 && get(extra - size - 4, 2) == EXTRA_ZIP64; i++) {
			if (value[i] != 0xffffffff)
				continue;
			if (extra - at < 8)
				return err_set("'%s': '%s' has a damaged zip64 field", d->path, name);
			value[i] = get(at, 8);
			at += 8;
		}
	}
	return 0;
}

static int read_member(struct zip_member *m, struct span *span, const struct directory *d, const uint8_t *entry)
{
	uint64_t value[3], flags = get(entry + 8, 2), method = get(entry + 10, 2), name_size = get(entry + 28, 2);
	TRY(read_sizes(value, d, entry, m->name));
	if (flags & ENCRYPTED)
		return err_set("'%s': '%s' is encrypted", d->path, m->name);
	if (method != 0 || value[0] != value[1])
		return err_set("'%s': '%s' is compressed; only stored members are read", d->path, m->name);
	if (value[2] > d->at || d->at - value[2] < LOCAL_SIZE || get(d->bytes + value[2], 4) != LOCAL_MARK)
		return err_set("'%s': '%s' is not where the directory says", d->path, m->name);
	const uint8_t *local = d->bytes + value[2];
	uint64_t head = LOCAL_SIZE + get(local + 26, 2) + get(local + 28, 2);
	if (head > d->at - value[2] || value[0] > d->at - value[2] - head)
		return err_set("'%s': '%s' lies outside the file", d->path, m->name);
	if (get(local + 26, 2) != name_size || memcmp(local + LOCAL_SIZE, entry + CENTRAL_SIZE, name_size) != 0)
		return err_set("'%s': '%s' has another name where it is stored", d->path, m->name);
	m->data = local + head;
	m->size = value[0];
	*span = (struct span){ value[2], value[2] + head + m->size, m->name };
	if (crc32_z(0, m->data, m->size) != get(entry + 16, 4))
		return err_set("'%s' is damaged: '%s' does not have its checksum", d->path, m->name);
	return 0;
}

static int compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	return (x->begin > y->begin) - (x->begin < y->begin);
}

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct zip_member *)a)->name, ((const struct zip_member *)b)->name);
}

static int read_members(struct zip *z, struct span *spans, const struct directory *d, struct arena *a)
{
	const uint8_t *entry = d->bytes + d->at, *end = entry + d->length;
	for (uint64_t i = 0; i < d->n; i++) {
		size_t left = (size_t)(end - entry), size;
		if (left < CENTRAL_SIZE || get(entry, 4) != CENTRAL_MARK)
			return err_set("'%s' is a damaged zip archive: entry %d of its directory", d->path, z->n + 1);
		size = CENTRAL_SIZE + get(entry + 28, 2) + get(entry + 30, 2) + get(entry + 32, 2);
		if (size > left || memchr(entry + CENTRAL_SIZE, 0, get(entry + 28, 2)) != NULL)
			return err_set("'%s' is a damaged zip archive: entry %d of its directory", d->path, z->n + 1);
		struct zip_member *m = &z->members[z->n];
		m->name = arena_strndup(a, (const char *)entry + CENTRAL_SIZE, get(entry + 28, 2));
		if (m->name == NULL)
			return -1;
		TRY(read_member(m, &spans[z->n++], d, entry));
		entry += size;
	}
	return 0;
}

int zip_open(struct zip *z, const uint8_t *bytes, size_t size, const char *path, struct arena *a)
{
	struct directory d = { .bytes = bytes, .size = size, .path = path };
	*z = (struct zip){ 0 };
	if (!zip_is(bytes, size))
		return err_set("'%s' is not a zip archive", path);
	TRY(find_directory(&d));
	z->members = arena_calloc(a, d.n + 1, sizeof *z->members);
	struct span *spans = arena_calloc(a, d.n + 1, sizeof *spans);
	if (z->members == NULL || spans == NULL)
		return -1;
	TRY(read_members(z, spans, &d, a));
	qsort(spans, d.n, sizeof *spans, compare_spans);
	qsort(z->members, d.n, sizeof *z->members, compare_members);
	for (uint64_t i = 1; i < d.n; i++) {
		if (spans[i].begin < spans[i - 1].end)
			return err_set("'%s': '%s' and '%s' share bytes", path, spans[i - 1].name, spans[i].name);
		if (strcmp(z->members[i].name, z->members[i - 1].name) == 0)
			return err_set("'%s' has two members '%s'", path, z->members[i].name);
	}
	return 0;
}

const struct zip_member *zip_find(const struct zip *z, const char *name)
{
	struct zip_member key = { .name = name };
	return z->n == 0 ? NULL : bsearch(&key, z->members, (size_t)z->n, sizeof *z->members, compare_members);
}
