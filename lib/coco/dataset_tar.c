/*
 * WebDataset's tar archives: see tar_sample.h. A file that is not compressed is indexed and read in any order; anything
 * else is a stream, read once from front to end.
 *
 * Classes are those of --classes, else of __cocopipe__/categories.json in the archive (of a stream: at its beginning),
 * else of an index all that .cls files name: the numbers up to the largest, or the names, sorted. Ids are those of the
 * JSON files, else the keys.
 */
#include "coco/categories.h"
#include "coco/tar_source.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_CLASS = 1 << 20 };	/* numbers of classes that have no names */

static bool ends_in(const char *path, const char *suffix)
{
	size_t size = strlen(path), wanted = strlen(suffix);
	return size > wanted && strcasecmp(path + size - wanted, suffix) == 0;
}

static int detect(const char *path, const struct dataset_options *options)
{
	static const char *const suffixes[] = { ".tar", ".tar.gz", ".tgz", ".tar.zst" };
	char head[512];
	struct stat st;
	(void)options;
	if (stat(path, &st) != 0 || S_ISDIR(st.st_mode))
		return 0;
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		if (ends_in(path, suffixes[i]))
			return 3;
	if (!S_ISREG(st.st_mode))
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? pread(fd, head, sizeof head, 0) : -1;
	if (fd >= 0)
		close(fd);
	return got == (ssize_t)sizeof head && memcmp(head + 257, "ustar", 5) == 0 ? 3 : 0;
}

/* The sample of that key in the index: the last one, or a new one. */
static struct tar_sample *sample_of(struct tar *t, const char *name, size_t key_size, struct arena *a)
{
	struct tar_sample *last = t->n > 0 ? &t->samples[t->n - 1] : NULL;
	if (last != NULL && strlen(last->key) == key_size && memcmp(last->key, name, key_size) == 0)
		return last;
	if (t->n == t->room) {
		int64_t larger = t->room > 0 ? 2 * t->room : 1024;
		struct tar_sample *moved = realloc(t->samples, (size_t)larger * sizeof *moved);
		if (moved == NULL)
			return err_null("out of memory for %lld samples", (long long)larger);
		t->samples = moved;
		t->room = larger;
	}
	const char *key = arena_strndup(a, name, key_size);
	if (key == NULL)
		return NULL;
	t->samples[t->n] = tar_sample_start(key);
	return &t->samples[t->n++];
}

static int read_index(struct dataset *d, struct tar *t)
{
	struct tar_member m;
	int got;
	while ((got = tar_reader_next(&t->reader, &m, &d->arena)) == 1) {
		size_t key_size;
		int kind = tar_part_of(m.name, &key_size);
		if (strcmp(m.name, TAR_CATEGORIES) == 0) {
			TRY(tar_take_categories(d, t, &m, &d->arena));
			continue;
		}
		if (kind < 0) {
			d->n_passed_over++;
			continue;
		}
		struct tar_sample *s = sample_of(t, m.name, key_size, &d->arena);
		if (s == NULL)
			return -1;
		tar_sample_add(s, kind, &m);
	}
	return got;
}

/* What the small files say: ids, sizes, objects, classes. */
static int read_labels(struct dataset *d, struct tar *t, struct tar_sample *s)
{
	struct arena *scratch = &t->scratch;
	arena_reset(scratch);
	for (int kind = TAR_JSON; kind <= TAR_CLASS; kind++) {
		struct tar_part *part = &s->part[kind];
		if (part->member.name != NULL)
			TRY(tar_member_read(&t->reader, &part->member, &part->data, scratch));
	}
	if (s->part[TAR_JSON].data != NULL && s->reject == NULL)
		TRY(tar_sample_read_json(s, t->reader.name, &t->table, &d->arena));
	if (s->part[TAR_CLASS].data != NULL)
		TRY(tar_sample_take_class(s, &d->arena));
	s->part[TAR_JSON].data = s->part[TAR_CLASS].data = NULL;
	return 0;
}

static bool is_number(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (!isdigit((unsigned char)*c))
			return false;
	return text[0] != '\0' && strlen(text) < 10 && atol(text) < MAX_CLASS;
}

static int number_classes(struct dataset *d, long n)
{
	for (long i = 0; i < n; i++) {
		const char *name = arena_format(&d->arena, "%ld", i);
		if (name == NULL)
			return -1;
		TRY(categories_add_name(d, name));
	}
	return 0;
}

/* The classes of an archive that does not say which there are. */
static int find_classes(struct dataset *d, const struct tar *t)
{
	const char **name = arena_calloc(&d->arena, (size_t)t->n + 1, sizeof *name);
	int64_t n = 0;
	long numbers = 0;
	bool numbered = true;
	if (name == NULL)
		return -1;
	for (int64_t i = 0; i < t->n; i++) {
		const char *text = t->samples[i].class_text;
		if (text == NULL || text[0] == '\0')
			continue;
		name[n++] = text;
		numbered &= is_number(text);
		if (numbered && atol(text) >= numbers)
			numbers = atol(text) + 1;
	}
	return numbered ? number_classes(d, numbers) : categories_add_sorted(d, name, n);
}

static int open_index(struct dataset *d, struct tar *t)
{
	bool duplicate;
	TRY(read_index(d, t));
	for (int64_t i = 0; i < t->n; i++)
		TRY(read_labels(d, t, &t->samples[i]));
	if (d->options.classes != NULL)
		TRY(categories_add_list(d, d->options.classes));
	else if (t->categories == NULL)
		TRY(find_classes(d, t));
	for (int64_t i = 0; i < t->n; i++)
		if (image_table_add(&t->table, &t->samples[i].image, &duplicate) != 0)
			return err_context("'%s'", t->reader.name);
	return image_table_finish(&t->table, d);
}

static int open_tar(struct dataset *d, const char *path)
{
	struct tar *t = arena_calloc(&d->arena, 1, sizeof *t);
	if (t == NULL)
		return -1;
	image_table_init(&t->table);
	id_map_init(&t->by_category);
	arena_init(&t->scratch, 1 << 16);
	d->state = t;
	d->name = strcmp(path, "-") == 0 ? "stdin" : dataset_base_name(d, path, ".tar");
	if (d->name == NULL)
		return -1;
	TRY(tar_reader_open(&t->reader, path));
	return t->reader.seekable ? open_index(d, t) : tar_stream_open(d, t);
}

static int load_indexed(const struct dataset *d, struct dataset_record *r)
{
	const struct tar *t = d->state;
	struct tar_sample s = t->samples[r->index];
	const struct table_image *image = &t->table.images[r->index];
	for (int kind = 0; kind < TAR_PARTS && s.reject == NULL; kind++) {
		struct tar_part *part = &s.part[kind];
		bool wanted = kind == TAR_IMAGE || ((kind == TAR_CAPTION || kind == TAR_LABELS) && !d->options.unlabelled);
		if (wanted && part->member.name != NULL)
			TRY(tar_member_read(&t->reader, &part->member, &part->data, &r->arena));
	}
	return tar_sample_load(d, r, &s, &t->table, t->table.objects + image->first, image->n);
}

static int fetch(struct dataset *d, struct dataset_record *r)
{
	const struct tar *t = d->state;
	return t->reader.seekable ? 1 : tar_stream_fetch(d, r);
}

static int load_tar(const struct dataset *d, struct dataset_record *r)
{
	const struct tar *t = d->state;
	return t->reader.seekable ? load_indexed(d, r) : tar_stream_load(d, r);
}

/* Of an index: a stream is not asked. */
static int tar_classes(const struct dataset *d, struct dataset_record *r)
{
	const struct tar *t = d->state;
	const char *text = t->samples[r->index].class_text;
	r->sample.class_label = text != NULL ? tar_class_label(d, text) : -1;
	return image_table_classes(d, r);
}

static void close_tar(struct dataset *d)
{
	struct tar *t = d->state;
	if (t != NULL) {
		tar_reader_close(&t->reader);
		free(t->samples);
		id_map_release(&t->by_category);
		arena_release(&t->scratch);
	}
	image_table_close(d);
}

const struct dataset_kind dataset_kind_tar = {
	.name = "tar", .takes = DATASET_TAKES_CLASSES,
	.detect = detect, .open = open_tar, .fetch = fetch, .load = load_tar,
	.classes = tar_classes, .close = close_tar,
};
