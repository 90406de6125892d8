#include "coco/tar_reader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 512, MAX_EXTENDED = 1 << 20, PIECE = 1 << 20 };

/* A header as it is stored; numbers are octal text, large ones of GNU's base 256. */
struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155], padding[12];
};

int tar_reader_open(struct tar_reader *t, const char *path)
{
	struct stat st;
	uint8_t head[8];
	*t = (struct tar_reader){ .name = text_input_name(path) };
	TRY(text_input_open(&t->in, path));
	if (fstat(t->in.fd, &st) == 0 && S_ISREG(st.st_mode) && t->in.fd != STDIN_FILENO) {
		ssize_t got = pread(t->in.fd, head, sizeof head, 0);
		t->seekable = got >= 0 && !unzip_is(head, (size_t)got);
	}
	return 0;
}

void tar_reader_close(struct tar_reader *t)
{
	if (t->name != NULL)
		text_input_close(&t->in);
	*t = (struct tar_reader){ 0 };
}

static ssize_t read_at(const struct tar_reader *t, void *data, size_t size, int64_t at)
{
	size_t done = 0;
	while (done < size) {
		ssize_t got = pread(t->in.fd, (char *)data + done, size - done, (off_t)at + (off_t)done);
		if (got < 0)
			return err_errno("cannot read '%s'", t->name);
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/* Fewer bytes only at the end. */
static ssize_t read_some(struct tar_reader *t, void *data, size_t size)
{
	ssize_t got = t->seekable ? read_at(t, data, size, t->at) : text_input_read(&t->in, t->name, data, size);
	if (got > 0)
		t->at += got;
	return got;
}

static int cut_short(const struct tar_reader *t)
{
	return err_set("'%s' is cut short: it ends at byte %lld, inside a file", t->name, (long long)t->at);
}

static int pass_over(struct tar_reader *t)
{
	char piece[1 << 14];
	struct stat st;
	if (t->seekable) {
		if (fstat(t->in.fd, &st) != 0)
			return err_errno("cannot read '%s'", t->name);
		if (t->left > st.st_size - t->at) {
			t->at = st.st_size;
			return cut_short(t);
		}
		t->at += t->left;
		t->left = 0;
	}
	while (t->left > 0) {
		size_t wanted = t->left < (int64_t)sizeof piece ? (size_t)t->left : sizeof piece;
		ssize_t got = read_some(t, piece, wanted);
		if (got < 0)
			return -1;
		if ((size_t)got < wanted)
			return cut_short(t);
		t->left -= got;
	}
	return 0;
}

int tar_reader_data(struct tar_reader *t, uint8_t **data, struct arena *a)
{
	int64_t done = 0, room = t->size < PIECE ? t->size : PIECE;
	if (t->size > TAR_MAX_MEMBER)
		return err_set("'%s': a file of %lld bytes at byte %lld; the limit is %lld", t->name, (long long)t->size,
			       (long long)t->at, (long long)TAR_MAX_MEMBER);
	uint8_t *whole = malloc((size_t)room + 1);
	/* Memory grows with what arrives, not with what the header says. */
	while (whole != NULL && done < t->size) {
		if (done == room) {
			room = 2 * room < t->size ? 2 * room : t->size;
			uint8_t *moved = realloc(whole, (size_t)room + 1);
			if (moved == NULL)
				free(whole);
			whole = moved;
			continue;
		}
		ssize_t got = read_some(t, whole + done, (size_t)(room - done));
		if (got < room - done) {
			free(whole);
			return got < 0 ? -1 : cut_short(t);
		}
		done += got;
	}
	if (whole == NULL)
		return err_set("out of memory for a file of %lld bytes", (long long)t->size);
	t->left -= t->size;
	*data = (uint8_t *)arena_strndup(a, (const char *)whole, (size_t)t->size);
	free(whole);
	return *data != NULL ? 0 : -1;
}

int tar_member_read(const struct tar_reader *t, const struct tar_member *m, uint8_t **data, struct arena *a)
{
	struct stat st;
	if (fstat(t->in.fd, &st) != 0)
		return err_errno("cannot read '%s'", t->name);
	if (m->size > TAR_MAX_MEMBER || m->offset > st.st_size || m->size > st.st_size - m->offset)
		return err_set("'%s': '%s' of %lld bytes is more than there is, or than %lld", t->name, m->name,
			       (long long)m->size, (long long)TAR_MAX_MEMBER);
	uint8_t *whole = arena_alloc(a, (size_t)m->size + 1);
	if (whole == NULL)
		return -1;
	ssize_t got = read_at(t, whole, (size_t)m->size, m->offset);
	if (got < 0)
		return -1;
	if (got < m->size)
		return err_set("'%s' has become shorter", t->name);
	whole[m->size] = 0;
	*data = whole;
	return 0;
}

/* A number of n characters; -1: it is none. */
static int64_t number(const char *text, size_t n)
{
	const uint8_t *p = (const uint8_t *)text;
	int64_t value = 0;
	size_t i = 0;
	if (p[0] & 0x80) {	/* base 256, two's complement: negative ones are none here */
		if (p[0] != 0x80)
			return -1;
		for (i = 1; i < n; i++) {
			if (value >> 55 != 0)
				return -1;
			value = value << 8 | p[i];
		}
		return value;
	}
	while (i < n && p[i] == ' ')
		i++;
	size_t first = i;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++) {
		if (value >> 59 != 0)
			return -1;
		value = value << 3 | (p[i] - '0');
	}
	for (size_t k = i; k < n; k++)
		if (p[k] != ' ' && p[k] != '\0')
			return -1;
	return i > first ? value : -1;
}

static bool has_checksum(const struct tar_header *h)
{
	const uint8_t *p = (const uint8_t *)h;
	int64_t sum = 0, sign = 0;	/* old programs added up signed characters */
	for (size_t i = 0; i < BLOCK; i++) {
		uint8_t byte = i >= offsetof(struct tar_header, checksum) && i < offsetof(struct tar_header, type) ? ' ' : p[i];
		sum += byte;
		sign += (int8_t)byte;
	}
	int64_t stored = number(h->checksum, sizeof h->checksum);
	return stored >= 0 && (stored == sum || stored == sign);
}

static bool is_zero(const struct tar_header *h)
{
	static const struct tar_header zero;
	return memcmp(h, &zero, sizeof zero) == 0;
}

/* What headers before it say of a member. */
struct extended {
	const char *path;	/* NULL: its own header says it */
	int64_t size;	/* -1: the same */
};

/* "17 path=a/b\n": one record of a pax header at p; its length, or 0 when it is none. */
static size_t pax_record(const char *p, size_t left, const char **key, const char **value, size_t *value_size)
{
	size_t length = 0, i = 0;
	while (i < left && p[i] >= '0' && p[i] <= '9' && length <= MAX_EXTENDED)
		length = 10 * length + (size_t)(p[i++] - '0');
	if (i == 0 || i == left || p[i] != ' ' || length > left || length < i + 3 || p[length - 1] != '\n')
		return 0;
	const char *equals = memchr(p + i, '=', length - i);
	if (equals == NULL)
		return 0;
	*key = p + i + 1;
	*value = equals + 1;
	*value_size = (size_t)(p + length - 1 - *value);
	return length;
}

static bool is_key(const char *key, const char *value, const char *wanted)
{
	size_t size = (size_t)(value - 1 - key);
	return size == strlen(wanted) && memcmp(key, wanted, size) == 0;
}

static int take_pax(struct tar_reader *t, struct extended *x, struct arena *a)
{
	uint8_t *data;
	int64_t start = t->at;
	TRY(tar_reader_data(t, &data, a));
	const char *p = (const char *)data;
	size_t left = (size_t)t->size;
	while (left > 0) {
		const char *key, *value;
		size_t value_size, length = pax_record(p, left, &key, &value, &value_size);
		if (length == 0)
			return err_set("'%s': the extended header at byte %lld is damaged", t->name, (long long)start);
		if (is_key(key, value, "path")) {
			x->path = arena_strndup(a, value, value_size);
			if (x->path == NULL)
				return -1;
		} else if (is_key(key, value, "size")) {
			char *end;
			x->size = strtoll(value, &end, 10);
			if (end != value + value_size || value_size == 0 || value_size > 18 || x->size < 0)
				return err_set("'%s': the size in the extended header at byte %lld is no number", t->name,
					       (long long)start);
		}
		p += length;
		left -= length;
	}
	return 0;
}

static int take_long_name(struct tar_reader *t, struct extended *x, struct arena *a)
{
	uint8_t *data;
	TRY(tar_reader_data(t, &data, a));
	x->path = (const char *)data;
	return 0;
}

/* 1: a header, 0: the end. */
static int read_header(struct tar_reader *t, struct tar_header *h)
{
	for (;;) {
		int64_t start = t->at;
		ssize_t got = read_some(t, h, sizeof *h);
		if (got < 0)
			return -1;
		if (got == 0 && t->ended)
			return 0;
		if (got == 0 && start == 0)
			return err_set("'%s' is empty; an archive ends with blocks of zeros", t->name);
		if (got < (ssize_t)sizeof *h)
			return err_set("'%s' is cut short: it ends at byte %lld without the archive's end", t->name,
				       (long long)t->at);
		t->ended = is_zero(h);
		if (t->ended)
			continue;
		if (!has_checksum(h))
			return err_set("'%s': %s at byte %lld", t->name, start == 0 ? "this is no tar archive: no header" :
				       "damaged: no header", (long long)start);
		return 1;
	}
}

static const char *name_of(const struct tar_header *h, struct arena *a)
{
	bool prefixed = memcmp(h->magic, "ustar", 6) == 0 && h->prefix[0] != '\0';
	return arena_format(a, "%.*s%s%.*s", prefixed ? (int)sizeof h->prefix : 0, h->prefix, prefixed ? "/" : "",
			    (int)sizeof h->name, h->name);
}

static int begin(struct tar_reader *t, int64_t size)
{
	t->size = size;
	t->left = size + (BLOCK - size % BLOCK) % BLOCK;
	return 0;
}

int tar_reader_next(struct tar_reader *t, struct tar_member *m, struct arena *a)
{
	struct tar_header h;
	struct extended x = { .size = -1 };
	int got;
	TRY(pass_over(t));
	while ((got = read_header(t, &h)) == 1) {
		int64_t size = number(h.size, sizeof h.size), start = t->at - BLOCK;
		bool is_extension = h.type == 'x' || h.type == 'g' || h.type == 'L' || h.type == 'K';
		bool is_file = h.type == '0' || h.type == '\0' || h.type == '7';
		if (x.size >= 0 && is_file)
			size = x.size;
		if (h.type >= '1' && h.type <= '6')
			size = 0;	/* what a link or directory says there means no bytes behind the header */
		if (size < 0 || size > INT64_MAX / 2 || (is_extension && size > MAX_EXTENDED))
			return err_set("'%s': a size that is none in the header at byte %lld", t->name, (long long)start);
		if (h.type == 'S')
			return err_set("'%s': a sparse file at byte %lld; these are not read", t->name, (long long)start);
		TRY(begin(t, size));
		if (h.type == 'x')
			TRY(take_pax(t, &x, a));
		else if (h.type == 'L')
			TRY(take_long_name(t, &x, a));
		if (is_file) {
			m->name = x.path != NULL ? x.path : name_of(&h, a);
			if (m->name == NULL)
				return -1;
			m->name += strncmp(m->name, "./", 2) == 0 ? 2 : 0;
			m->offset = t->at;
			m->size = size;
			return 1;
		}
		if (!is_extension)
			x = (struct extended){ .size = -1 };
		TRY(pass_over(t));
	}
	return got;
}
