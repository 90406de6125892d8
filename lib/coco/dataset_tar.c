/*
 * WebDataset's tar archives: see tar_sample.h. A file that is not compressed is indexed and read in any order; anything
 * else is a stream, read once from front to end.
 *
 * Classes are those of --classes, else of __cocopipe__/categories.json in the archive (of a stream: at its beginning),
 * else of an index all that .cls files name: the numbers up to the largest, or the names, sorted. Ids are those of the
 * JSON files, else the keys.
 */
#include "coco/categories.h"
#include "coco/coco_reader.h"
#include "coco/tar_sample.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static const char categories_name[] = "__cocopipe__/categories.json";
enum { MAX_CLASS = 1 << 20 };	/* numbers of classes that have no names */

/* The table comes first: image_table_close() takes the state for it. */
struct tar {
	struct image_table table;	/* of an index */
	struct tar_reader reader;
	struct tar_sample *samples;	/* [table.n_images] of an index, on the heap */
	int64_t n, room;
	struct id_map by_category;	/* of a stream: id to label */
	struct tar_member pending;	/* of a stream: read already, of the next sample; name NULL: none */
	struct arena scratch;	/* its name */
	const uint8_t *categories;	/* of the archive, as they stand there; NULL: none */
	int64_t categories_size;
};

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

/* What the archive says of its classes; a second time, as in archives that were put together, it must say the same. */
static int take_categories(struct dataset *d, struct tar *t, const struct tar_member *m)
{
	uint8_t *data;
	TRY(tar_reader_data(&t->reader, &data, &d->arena));
	if (t->categories != NULL) {
		bool same = t->categories_size == m->size && memcmp(t->categories, data, (size_t)m->size) == 0;
		return same ? 0 : err_set("'%s': the categories at byte %lld are others than those before", t->reader.name,
					  (long long)m->offset);
	}
	t->categories = data;
	t->categories_size = m->size;
	const char *name = arena_format(&d->arena, "%s: %s", t->reader.name, m->name);
	if (name == NULL)
		return -1;
	return d->options.classes != NULL ? 0 : tar_read_categories(d, name, data, (size_t)m->size);
}

static struct tar_sample start_sample(const char *key)
{
	return (struct tar_sample){ .key = key, .image = { .id.text = key, .file_name = key } };
}

/* One more file of the sample. */
static void add_part(struct tar_sample *s, int kind, const struct tar_member *m)
{
	if (s->part[kind].member.name != NULL) {
		s->reject = REJECT_MEMBER;
		s->detail = m->name;
		return;
	}
	s->part[kind].member = *m;
	if (kind == TAR_IMAGE)
		s->image.file_name = m->name;
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
	t->samples[t->n] = start_sample(key);
	return &t->samples[t->n++];
}

static int read_index(struct dataset *d, struct tar *t)
{
	struct tar_member m;
	int got;
	while ((got = tar_reader_next(&t->reader, &m, &d->arena)) == 1) {
		size_t key_size;
		int kind = tar_part_of(m.name, &key_size);
		if (strcmp(m.name, categories_name) == 0) {
			TRY(take_categories(d, t, &m));
			continue;
		}
		if (kind < 0) {
			d->n_passed_over++;
			continue;
		}
		struct tar_sample *s = sample_of(t, m.name, key_size, &d->arena);
		if (s == NULL)
			return -1;
		add_part(s, kind, &m);
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

/* The beginning of a stream: its classes, and the first file of a sample. */
static int open_stream(struct dataset *d, struct tar *t)
{
	int got = tar_reader_next(&t->reader, &t->pending, &t->scratch);
	if (got < 0)
		return -1;
	if (got == 1 && strcmp(t->pending.name, categories_name) == 0) {
		TRY(take_categories(d, t, &t->pending));
		got = tar_reader_next(&t->reader, &t->pending, &t->scratch);
	}
	if (got < 0)
		return -1;
	if (got == 0)
		return err_set("'%s' holds no samples", t->reader.name);
	if (d->options.classes != NULL)
		TRY(categories_add_list(d, d->options.classes));
	for (int i = 0; i < d->n_categories; i++) {
		int added = id_map_add(&t->by_category, (struct sample_id){ .number = d->categories[i].id }, i);
		if (added <= 0)
			return added < 0 ? -1 : err_set("'%s': category id %lld is there twice", d->path,
							(long long)d->categories[i].id);
	}
	return 0;
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
	return t->reader.seekable ? open_index(d, t) : open_stream(d, t);
}

/* Take a file of a stream: into the sample, or not. */
static int take_member(struct dataset *d, struct tar *t, struct tar_sample *s, int kind, struct dataset_record *r)
{
	struct tar_member m = t->pending;
	m.name = arena_strdup(&r->arena, m.name);
	if (m.name == NULL)
		return -1;
	if (strcmp(m.name, categories_name) == 0)
		return take_categories(d, t, &m);
	if (kind < 0) {
		d->n_passed_over++;
		return 0;
	}
	bool again = s->part[kind].member.name != NULL;
	add_part(s, kind, &m);
	return again ? 0 : tar_reader_data(&t->reader, &s->part[kind].data, &r->arena);
}

/* The next sample of a stream: all files of the next key. */
static int fetch(struct dataset *d, struct dataset_record *r)
{
	struct tar *t = d->state;
	struct tar_sample *s = NULL;
	if (t->reader.seekable)
		return 1;
	while (t->pending.name != NULL) {
		size_t key_size = 0;
		bool special = strcmp(t->pending.name, categories_name) == 0;
		int kind = special ? -1 : tar_part_of(t->pending.name, &key_size);
		if (kind >= 0 && s != NULL && (strlen(s->key) != key_size || memcmp(s->key, t->pending.name, key_size) != 0))
			break;
		if (kind >= 0 && s == NULL) {
			const char *key = arena_strndup(&r->arena, t->pending.name, key_size);
			s = arena_alloc(&r->arena, sizeof *s);
			if (s == NULL || key == NULL)
				return -1;
			*s = start_sample(key);
		}
		TRY(take_member(d, t, s, kind, r));
		arena_reset(&t->scratch);
		int got = tar_reader_next(&t->reader, &t->pending, &t->scratch);
		if (got < 0)
			return -1;
		if (got == 0)
			t->pending.name = NULL;
	}
	r->item = s;
	return s != NULL;
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

static int load_streamed(const struct dataset *d, struct dataset_record *r, struct image_table *table)
{
	const struct tar *t = d->state;
	struct tar_sample *s = r->item;
	if (s->part[TAR_JSON].data != NULL && s->reject == NULL)
		TRY(tar_sample_read_json(s, t->reader.name, table, &r->arena));
	if (s->part[TAR_CLASS].data != NULL)
		TRY(tar_sample_take_class(s, &r->arena));
	if (d->n_categories == 0 && !d->options.unlabelled && (s->class_text != NULL || table->n_objects > 0))
		return err_set("'%s': the sample '%s' has a class, but the classes are not known: name them with --classes, or read an "
			       "archive that is a file and not compressed", t->reader.name, s->key);
	for (int64_t i = 0; i < table->n_objects; i++)
		table->objects[i].label = (int32_t)id_map_find(&t->by_category,
							       (struct sample_id){ .number = table->objects[i].category });
	r->sample.seq = r->index;
	return tar_sample_load(d, r, s, table, table->objects, table->n_objects);
}

static int load_tar(const struct dataset *d, struct dataset_record *r)
{
	const struct tar *t = d->state;
	struct image_table table;
	if (t->reader.seekable)
		return load_indexed(d, r);
	image_table_init(&table);
	int status = load_streamed(d, r, &table);
	image_table_release(&table);
	return status;
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
	.name = "tar", .detect = detect, .open = open_tar, .fetch = fetch, .load = load_tar,
	.classes = tar_classes, .close = close_tar,
};
