/* Packs, read in any order, and streams of samples, read once from front to end. */
#include "coco/dataset.h"
#include "stream/pack.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_CURSORS = 256 };

struct stream_source {
	struct pack pack;	/* open, or */
	struct stream_reader reader;
	bool is_pack;
	pthread_mutex_t lock;	/* of the cursors */
	struct pack_cursor idle[MAX_CURSORS];	/* one for each thread that reads the pack at the same time */
	int n_idle;
};

static int detect(const char *path, const struct dataset_options *options)
{
	struct stat st;
	unsigned char first = 0;
	(void)options;
	if (strcmp(path, "-") == 0)
		return 2;
	if (stat(path, &st) != 0 || S_ISDIR(st.st_mode))
		return 0;
	if (!S_ISREG(st.st_mode))
		return 2;	/* a pipe must not be touched before its reader does */
	if (pack_is(path))
		return 2;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, &first, 1) : -1;
	if (fd >= 0)
		close(fd);
	return got == 0 || (got == 1 && first == 0xd8) ? 1 : 0;	/* what a frame begins with; the reader speaks of empty files */
}

static int fill_index(struct dataset *d, const struct stream_source *s)
{
	d->n = pack_count(&s->pack);
	d->id_hash = arena_calloc(&d->arena, (size_t)d->n + 1, sizeof *d->id_hash);
	d->n_objects = arena_calloc(&d->arena, (size_t)d->n + 1, sizeof *d->n_objects);
	if (d->id_hash == NULL || d->n_objects == NULL)
		return -1;
	for (int64_t i = 0; i < d->n; i++) {
		d->id_hash[i] = pack_entry(&s->pack, i)->id_hash;
		d->n_objects[i] = pack_entry(&s->pack, i)->objects;
	}
	return 0;
}

static int open_stream(struct dataset *d, const char *path)
{
	struct stream_source *s = arena_calloc(&d->arena, 1, sizeof *s);
	if (s == NULL)
		return -1;
	d->state = s;
	pthread_mutex_init(&s->lock, NULL);
	s->is_pack = strcmp(path, "-") != 0 && pack_is(path);
	if (s->is_pack)
		TRY(pack_open(&s->pack, path, NULL));
	else
		TRY(stream_reader_open(&s->reader, path, NULL));
	d->header = s->is_pack ? pack_header(&s->pack) : stream_reader_header(&s->reader);
	if (strcmp(d->header->kind, "sample") != 0)
		return err_set("'%s' is a stream of kind '%s', not of samples", path, d->header->kind);
	d->n_categories = d->header->n_categories;
	d->categories = d->header->categories;
	d->n_about = d->header->n_about;
	d->about = d->header->about;
	d->name = strcmp(path, "-") == 0 ? "stdin" : dataset_base_name(d, path, ".pack");
	if (d->name == NULL)
		return -1;
	return s->is_pack ? fill_index(d, s) : 0;
}

/* What has to be read in order. */
static int fetch(struct dataset *d, struct dataset_record *r)
{
	struct stream_source *s = d->state;
	if (s->is_pack)
		return 1;
	int got = stream_reader_next(&s->reader, &r->fetched);
	if (got != 1)
		return got;
	/* The reader's memory is good until its next call only; this record may wait for its turn. */
	uint8_t *copy = arena_alloc(&r->arena, r->fetched.size);
	if (copy == NULL)
		return -1;
	memcpy(copy, r->fetched.data, r->fetched.size);
	r->fetched.data = copy;
	return 1;
}

static void expect(const struct dataset *d, int64_t index, bool soon)
{
	const struct stream_source *s = d->state;
	if (s->is_pack)
		pack_expect(&s->pack, index, soon);
}

static int read_pack(struct stream_source *s, struct dataset_record *r)
{
	struct pack_cursor c = { .pack = NULL };
	pthread_mutex_lock(&s->lock);
	if (s->n_idle > 0)
		c = s->idle[--s->n_idle];
	pthread_mutex_unlock(&s->lock);
	int status = c.pack != NULL ? 0 : pack_cursor_open(&c, &s->pack);
	if (status == 0)
		status = pack_cursor_read(&c, r->index, &r->fetched, &r->arena);
	pthread_mutex_lock(&s->lock);
	bool kept = s->n_idle < MAX_CURSORS && c.zstd != NULL;
	if (kept)
		s->idle[s->n_idle++] = c;
	pthread_mutex_unlock(&s->lock);
	if (!kept)
		pack_cursor_close(&c);
	return status;
}

static int load(const struct dataset *d, struct dataset_record *r)
{
	struct stream_source *s = d->state;
	if (s->is_pack)
		TRY(read_pack(s, r));
	if (sample_decode(&r->sample, &r->fetched, &r->arena) != 0)
		return err_context("record %lld of '%s'", (long long)r->fetched.number, d->path);
	if (r->sample.source[0] == '\0' || d->options.source != NULL)
		r->sample.source = d->name;
	r->n_objects = r->sample.n;
	return 0;
}

static void close_stream(struct dataset *d)
{
	struct stream_source *s = d->state;
	if (s == NULL)
		return;
	while (s->n_idle > 0)
		pack_cursor_close(&s->idle[--s->n_idle]);
	pthread_mutex_destroy(&s->lock);
	if (s->pack.state != NULL)
		pack_close(&s->pack);
	if (s->reader.state != NULL)
		stream_reader_close(&s->reader);
}

const struct dataset_kind dataset_kind_stream = {
	.name = "stream", .detect = detect, .open = open_stream, .fetch = fetch, .expect = expect, .load = load,
	.close = close_stream,
};
