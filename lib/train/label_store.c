#include "train/label_store.h"

#include "base/io.h"
#include "base/json_value.h"
#include "stream/pack.h"
#include "train/image_file.h"
#include "train/label_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define LEFT_OUT "left-out.jsonl"

/* directory/name in arena memory. */
static const char *join(struct arena *a, const char *directory, const char *name)
{
	char *path = arena_alloc(a, strlen(directory) + strlen(name) + 2);
	if (path != NULL)
		sprintf(path, "%s/%s", directory, name);
	return path;
}

static int make_directory(const char *path)
{
	struct stat st;
	if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		return 0;
	return err_errno("cannot make the directory '%s'", path);
}

int label_store_lock(struct label_store *s, const char *path)
{
	*s = (struct label_store){ .path = path, .lock = -1 };
	arena_init(&s->arena, 1 << 16);
	TRY(make_directory(path));
	const char *name = join(&s->arena, path, ".lock");
	if (name == NULL)
		return -1;
	s->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (s->lock < 0)
		return err_errno("cannot open '%s'", name);
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return 1;
	return errno == EWOULDBLOCK ? 0 : err_errno("cannot lock '%s'", name);
}

static int open_pack(struct label_store *s, const char *name)
{
	struct pack p;
	const char *path = join(&s->arena, s->directory, name);
	if (path == NULL)
		return -1;
	TRY(pack_open(&p, path, NULL));
	int status = 0;
	for (int64_t i = 0; i < pack_count(&p) && status >= 0; i++) {
		const struct pack_entry *e = pack_entry(&p, i);
		status = label_set_add(s->known, e->id_hash);
		s->n_labelled++;
		s->n_objects += e->objects;
	}
	pack_close(&p);
	return status < 0 ? -1 : 0;
}

/* Keep a line of the list of images without labels. */
static int keep_line(struct label_store *s, const char *line, size_t size)
{
	if (s->left_out_size + size > s->left_out_room) {
		size_t room = 2 * (s->left_out_size + size);
		char *text = realloc(s->left_out, room);
		if (text == NULL)
			return err_set("out of memory");
		s->left_out = text;
		s->left_out_room = room;
	}
	memcpy(s->left_out + s->left_out_size, line, size);
	s->left_out_size += size;
	return 0;
}

static int read_left_out_line(struct label_store *s, struct json_reader *j)
{
	const char *id = NULL;
	int more;
	TRY(json_enter_object(j, "a line"));
	while ((more = json_next_key(j)) == 1) {
		if (json_is(j, "id"))
			TRY(json_take_text(j, "id", &id, &s->arena));
		else
			TRY(json_skip(j));
	}
	if (more < 0 || id == NULL)
		return more < 0 ? -1 : json_fail(j, "a line without an id");
	s->n_left_out++;
	return label_set_add(s->known, pack_id_hash_text(id, strlen(id))) < 0 ? -1 : 0;
}

static int read_left_out(struct label_store *s)
{
	struct json_reader j;
	const char *path = join(&s->arena, s->directory, LEFT_OUT);
	uint8_t *text;
	size_t size;
	if (path == NULL)
		return -1;
	if (access(path, F_OK) != 0)
		return 0;
	TRY(io_read_file(path, &text, &size, &s->arena));
	TRY(keep_line(s, (const char *)text, size));
	for (size_t at = 0, length; at < size; at += length + 1) {
		length = strcspn((const char *)text + at, "\n");
		TRY(json_open_memory(&j, (const char *)text + at, length, path));
		int status = read_left_out_line(s, &j);
		json_close(&j);
		TRY(status);
	}
	return 0;
}

int label_store_open(struct label_store *s, const char *key)
{
	struct image_names packs;
	s->directory = join(&s->arena, s->path, key);
	s->known = arena_calloc(&s->arena, 1, sizeof *s->known);
	if (s->directory == NULL || s->known == NULL)
		return -1;
	/* Made when there is something to put into it. */
	if (access(s->directory, F_OK) != 0)
		return 0;
	TRY(file_names_list(&packs, s->directory, ".pack", &s->arena));
	for (int64_t i = 0; i < packs.n; i++) {
		long long number = atoll(packs.name[i]);
		TRY(open_pack(s, packs.name[i]));
		s->n_packs = number > s->n_packs ? number : s->n_packs;
	}
	return read_left_out(s);
}

/* The id of an image: the hash of its bytes. */
static void image_id(char id[33], const uint8_t *bytes, size_t size)
{
	XXH128_hash_t h = XXH3_128bits(bytes, size);
	snprintf(id, 33, "%016llx%016llx", (unsigned long long)h.high64, (unsigned long long)h.low64);
}

/* 1: read, with its id; 0: it went in the meantime; -1. */
static int read_image(char id[33], uint8_t **bytes, size_t *size, const char *path, struct arena *a)
{
	if (access(path, R_OK) != 0 || io_read_file(path, bytes, size, a) != 0)
		return access(path, F_OK) == 0 ? err_set("cannot read '%s'", path) : 0;
	image_id(id, *bytes, *size);
	return 1;
}

static int look_at(struct label_store *s, const char *name, struct arena *scratch)
{
	char id[33];
	uint8_t *bytes;
	size_t size;
	arena_reset(scratch);
	const char *path = join(scratch, s->watch, name);
	int got = path == NULL ? -1 : read_image(id, &bytes, &size, path, scratch);
	s->n_vanished += got == 0;
	if (got != 1)
		return got;
	int added = label_set_add(s->known, pack_id_hash_text(id, strlen(id)));
	if (added != 1)
		return added;
	s->new_name[s->n_new] = name;
	s->new_id[s->n_new] = arena_strdup(&s->arena, id);
	return s->new_id[s->n_new++] == NULL ? -1 : 0;
}

int label_store_find(struct label_store *s, const char *watch)
{
	struct image_names names;
	struct arena scratch;
	s->watch = watch;
	TRY(image_names_walk(&names, watch, &s->arena));
	s->n_files = names.n;
	s->new_name = arena_calloc(&s->arena, (size_t)names.n + 1, sizeof *s->new_name);
	s->new_id = arena_calloc(&s->arena, (size_t)names.n + 1, sizeof *s->new_id);
	if (s->new_name == NULL || s->new_id == NULL)
		return -1;
	arena_init(&scratch, 1 << 20);
	int status = 0;
	for (int64_t i = 0; i < names.n && status >= 0; i++)
		status = look_at(s, names.name[i], &scratch);
	arena_release(&scratch);
	return status < 0 ? -1 : 0;
}

static int publish_left_out(struct label_store *s)
{
	struct atomic_file f;
	const char *path = join(&s->arena, s->directory, LEFT_OUT);
	if (path == NULL)
		return -1;
	TRY(atomic_open(&f, path));
	if (io_write(f.fd, path, s->left_out, s->left_out_size) == 0)
		return atomic_commit(&f);
	atomic_abandon(&f);
	return -1;
}

/* What is complete gets its name. */
static int publish(struct label_store *s)
{
	if (s->writing) {
		s->writing = false;
		TRY(stream_writer_close(&s->writer, NULL));
		s->n_packs++;
		s->in_pack = 0;
	}
	if (!s->dirty)
		return 0;
	s->dirty = false;
	return publish_left_out(s);
}

static int put(void *context, struct sample *sample, struct arena *a)
{
	struct label_store *s = context;
	char name[32];
	if (!s->writing) {
		snprintf(name, sizeof name, "%06lld.pack", (long long)s->n_packs + 1);
		const char *path = join(&s->arena, s->directory, name);
		TRY(path == NULL ? -1 : stream_writer_open(&s->writer, path, s->header));
		s->writing = true;
	}
	sample->seq = s->in_pack++;
	TRY(sample_write(&s->writer, sample, a));
	return s->in_pack < s->chunk ? 0 : publish(s);
}

static int leave_out_because(struct label_store *s, const struct sample *sample, const char *reason)
{
	struct json_writer w;
	char *line = NULL;
	size_t size;
	FILE *file = open_memstream(&line, &size);
	if (file == NULL)
		return err_set("out of memory");
	json_writer_init(&w, file);
	json_put_object(&w);
	json_put_string_of(&w, "id", sample->id.text);
	json_put_string_of(&w, "file_name", sample->file_name);
	json_put_string_of(&w, "reason", reason);
	json_put_end(&w, '}');
	fputc('\n', file);
	int status = fclose(file) == 0 ? keep_line(s, line, size) : err_set("out of memory");
	free(line);
	s->dirty = true;
	return status;
}

static int leave_out(void *context, const struct sample *sample)
{
	return leave_out_because(context, sample, "the teacher finds nothing it is sure of");
}

static int reject(void *context, const struct sample *sample, const char *reason)
{
	return leave_out_because(context, sample, reason);
}

/* 1: pushed or rejected; 0: it is not what it was; -1. */
static int label_one(struct label_store *s, struct labeller *l, int64_t i, const char *source)
{
	struct arena *a;
	uint8_t *bytes;
	size_t size;
	char id[33];
	struct sample *sample = labeller_slot(l, &a);
	const char *path = join(a, s->watch, s->new_name[i]);
	int got = path == NULL ? -1 : read_image(id, &bytes, &size, path, a);
	if (got != 1 || strcmp(id, s->new_id[i]) != 0)
		return got < 0 ? -1 : 0;
	int status = image_file_sample(sample, bytes, size, s->new_name[i]);
	sample->id.text = s->new_id[i];
	sample->file_name = s->new_name[i];
	sample->source = source;
	if (status == 0)
		return labeller_push(l) == 0 ? 1 : -1;
	l->report.rejected++;
	return reject(s, sample, err_get()) == 0 ? 1 : -1;
}

/* The last part of a directory's path: the data set's name. */
static const char *base_name(const char *path, struct arena *a)
{
	size_t size = strlen(path);
	while (size > 1 && path[size - 1] == '/')
		size--;
	size_t from = size;
	while (from > 0 && path[from - 1] != '/')
		from--;
	return arena_strndup(a, path + from, size - from);
}

int label_store_run(struct label_store *s, struct labeller *l, const struct stream_header *header)
{
	const char *source = base_name(s->watch, &s->arena);
	s->header = header;
	l->put = put;
	l->leave_out = leave_out;
	l->reject = reject;
	l->context = s;
	if (source == NULL)
		return -1;
	TRY(make_directory(s->directory));
	for (int64_t i = 0; i < s->n_new; i++) {
		int got = label_one(s, l, i, source);
		if (got < 0)
			return -1;
		s->n_vanished += got == 0;
		if (s->progress != NULL && s->progress(s->progress_context, i + 1, s->n_new) != 0)
			break;
	}
	TRY(labeller_flush(l));
	return publish(s);
}

int label_store_finish(struct label_store *s, const struct label_report *r)
{
	const struct label_report_paths paths = {
		join(&s->arena, s->directory, "report.txt"), join(&s->arena, s->directory, "report.json"), join(&s->arena, s->directory, "report.svg"),
	};
	const char *latest = join(&s->arena, s->path, "latest"), *temporary = join(&s->arena, s->path, "latest.tmp");
	if (paths.text == NULL || paths.json == NULL || paths.svg == NULL || latest == NULL || temporary == NULL)
		return -1;
	TRY(label_report_write(&paths, r));
	unlink(temporary);
	if (symlink(strrchr(s->directory, '/') + 1, temporary) != 0 || rename(temporary, latest) != 0)
		return err_errno("cannot make the link '%s'", latest);
	return 0;
}

void label_store_close(struct label_store *s)
{
	if (s->writing)
		stream_writer_abandon(&s->writer);
	if (s->lock >= 0)
		close(s->lock);
	if (s->known != NULL)
		label_set_release(s->known);
	free(s->left_out);
	arena_release(&s->arena);
	*s = (struct label_store){ .lock = -1 };
}
