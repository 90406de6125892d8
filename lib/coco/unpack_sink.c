#include "coco/file_sinks.h"

#include "base/io.h"
#include "base/json_members.h"
#include "coco/coco_put.h"
#include "coco/id_map.h"
#include "coco/sample_image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* What one source becomes. */
struct unpacked {
	const char *name;
	struct atomic_file json;
	struct json_writer images;	/* into json */
	FILE *later;	/* annotations, until all images are there */
	struct json_writer annotations;	/* into later */
	struct id_map image_ids, object_ids;
	struct id_map files;	/* name -> hash of the bytes, its upper 63 bits */
	int64_t n_objects;
	bool new_ids;
	enum { IDS_UNKNOWN, IDS_OWN, IDS_COUNTED } ids;
};

struct unpacker {
	struct file_sink_param param;
	int directory;
	struct unpacked **source;
	int n;
	const char *made;	/* the directory that a file was last written to, with '/' at its end */
	struct arena arena;	/* names */
};

/* One image on its way. */
struct ready {
	struct sample_image image;
	uint8_t *labels;	/* a PNG file, or NULL */
	size_t labels_size;
	int64_t hash;
};

static int prepare(void *context, struct dataset_record *r, void **prepared)
{
	struct unpacker *u = context;
	const struct stream_header header = { .n_categories = u->param.n_categories };
	struct ready *ready = arena_calloc(&r->arena, 1, sizeof *ready);
	if (ready == NULL)
		return -1;
	TRY(sample_check(&r->sample, &header));
	TRY(sample_image_make(&ready->image, r, u->param.jpeg_quality));
	if (r->reject != NULL)
		return 0;
	TRY(sample_labels_make(&ready->labels, &ready->labels_size, r));
	ready->hash = (int64_t)(XXH3_64bits(ready->image.bytes, ready->image.size) >> 1);
	*prepared = ready;
	return 0;
}

/* info, licenses, and whatever the data set says of itself. */
static int put_about(struct unpacker *u, struct unpacked *s)
{
	static const char *const written[] = { "images", "annotations", "categories", NULL };
	for (int i = 0; i < u->param.n_about; i++)
		if (strcmp(u->param.about[i].source, s->name) == 0)
			return json_members_put(&s->images, u->param.about[i].members, written, "what a data set says of itself");
	return 0;
}

static int open_files(struct unpacker *u, struct unpacked *s)
{
	const char *path = arena_format(&u->arena, "%s/%s.json", u->param.path, s->name);
	if (path == NULL)
		return -1;
	TRY(atomic_fopen(&s->json, path));
	int fd = io_open_unnamed();
	if (fd < 0)
		return -1;
	s->later = fdopen(fd, "w+");
	if (s->later == NULL) {
		close(fd);
		return err_errno("cannot open a temporary file");
	}
	json_writer_init(&s->images, s->json.file);
	json_put_object(&s->images);
	TRY(put_about(u, s));
	json_put_key(&s->images, "images");
	json_put_array(&s->images);
	json_writer_init(&s->annotations, s->later);
	json_put_array(&s->annotations);
	return 0;
}

static void release_source(struct unpacked *s)
{
	if (s->json.fd >= 0)
		atomic_abandon(&s->json);
	if (s->later != NULL)
		fclose(s->later);
	id_map_release(&s->image_ids);
	id_map_release(&s->object_ids);
	id_map_release(&s->files);
	free(s);
}

/* The source of that name; a new one when there is none. */
static struct unpacked *find_source(struct unpacker *u, const char *name)
{
	for (int i = 0; i < u->n; i++)
		if (strcmp(u->source[i]->name, name) == 0)
			return u->source[i];
	if (strchr(name, '/') != NULL || name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_null("source '%s' cannot be the name of a file; give it another one with --source", name);
	struct unpacked **larger = realloc(u->source, (size_t)(u->n + 1) * sizeof *larger);
	struct unpacked *s = larger != NULL ? calloc(1, sizeof *s) : NULL;
	if (larger != NULL)
		u->source = larger;
	if (s == NULL)
		return err_null("out of memory for %d sources", u->n + 1);
	s->json.fd = -1;
	s->name = arena_strdup(&u->arena, name);
	s->new_ids = u->param.new_ids;
	if (s->name == NULL || open_files(u, s) != 0) {
		release_source(s);
		return NULL;
	}
	u->source[u->n++] = s;
	return s;
}

/* The directories that lead to a file. */
static int make_directories(struct unpacker *u, const char *path)
{
	const char *last = strrchr(path, '/');
	size_t size = (size_t)(last - path) + 1;
	if (u->made != NULL && strncmp(u->made, path, size) == 0 && u->made[size] == '\0')
		return 0;
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		const char *part = arena_strndup(&u->arena, path, (size_t)(slash - path));
		if (part == NULL)
			return -1;
		if (mkdirat(u->directory, part, 0777) != 0 && errno != EEXIST)
			return err_errno("cannot make the directory '%s/%s'", u->param.path, part);
	}
	u->made = arena_strndup(&u->arena, path, size);
	return u->made != NULL ? 0 : -1;
}

static int write_file(struct unpacker *u, const char *path, const void *bytes, size_t size)
{
	TRY(make_directories(u, path));
	int fd = openat(u->directory, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_errno("cannot write '%s/%s'", u->param.path, path);
	int status = io_write(fd, path, bytes, size);
	if (close(fd) != 0 && status == 0)
		status = err_errno("cannot write '%s/%s'", u->param.path, path);
	return status;
}

/* The image's file, unless it is there already. */
static int put_file(struct unpacker *u, struct unpacked *s, const struct ready *ready, struct arena *a)
{
	const char *name = arena_strdup(&u->arena, ready->image.name), *path = arena_format(a, "%s/%s", s->name, name);
	if (name == NULL || path == NULL)
		return -1;
	int added = id_map_add(&s->files, (struct sample_id){ .text = name }, ready->hash);
	if (added < 0)
		return -1;
	if (added == 0)
		return id_map_find(&s->files, (struct sample_id){ .text = name }) == ready->hash ? 0 :
			err_set("two different images of source '%s' are called '%s'", s->name, name);
	TRY(write_file(u, path, ready->image.bytes, ready->image.size));
	if (ready->labels == NULL)
		return 0;
	const char *suffix = strrchr(name, '.');
	int stem = (int)(suffix != NULL && strchr(suffix, '/') == NULL ? (size_t)(suffix - name) : strlen(name));
	path = arena_format(a, "%s-labels/%.*s.png", s->name, stem, name);
	return path != NULL ? write_file(u, path, ready->labels, ready->labels_size) : -1;
}

static int new_image_id(struct unpacker *u, struct unpacked *s, const struct sample *sample)
{
	struct sample_id id = sample->id;
	char text[128];
	if (id.text != NULL && (id.text = arena_strdup(&u->arena, id.text)) == NULL)
		return -1;
	int added = id_map_add(&s->image_ids, id, 0);
	if (added == 0)
		return err_set("image %s of source '%s' is there twice; unpack one epoch", sample_id_text(&id, text), s->name);
	return added < 0 ? -1 : 0;
}

static int object_id(int64_t *id, struct unpacked *s, const struct sample *sample, int64_t i)
{
	char text[128];
	int ids = sample->object_id != NULL && !s->new_ids ? IDS_OWN : IDS_COUNTED;
	if (s->ids != IDS_UNKNOWN && (int)s->ids != ids)
		return err_set("image %s of source '%s': some of its images have ids for their annotations, and some have none",
			       sample_id_text(&sample->id, text), s->name);
	s->ids = ids == IDS_OWN ? IDS_OWN : IDS_COUNTED;
	*id = ids == IDS_OWN ? sample->object_id[i] : ++s->n_objects;
	int added = ids == IDS_OWN ? id_map_add(&s->object_ids, (struct sample_id){ .number = *id }, 0) : 1;
	if (added == 0)
		return err_set("image %s of source '%s': annotation id %lld is there twice; --new-ids gives them others", sample_id_text(&sample->id, text),
			       s->name, (long long)*id);
	return added < 0 ? -1 : 0;
}

static int put(void *context, struct dataset_record *r, void *prepared)
{
	struct unpacker *u = context;
	const struct ready *ready = prepared;
	const struct sample *sample = &r->sample;
	struct unpacked *s = find_source(u, sample->source);
	if (s == NULL)
		return -1;
	TRY(new_image_id(u, s, sample));
	TRY(put_file(u, s, ready, &r->arena));
	fputc('\n', s->json.file);
	TRY(coco_put_image(&s->images, sample, ready->image.name, u->param.categories));
	for (int64_t i = 0; i < sample->n; i++) {
		int64_t id = 0;
		TRY(object_id(&id, s, sample, i));
		fputc('\n', s->later);
		TRY(coco_put_annotation(&s->annotations, sample, i, id, u->param.categories, &r->arena));
	}
	return 0;
}

static int copy_annotations(struct unpacked *s)
{
	char piece[16384];
	size_t n;
	json_put_end(&s->annotations, ']');
	if (fflush(s->later) != 0 || ferror(s->later) || fseek(s->later, 0, SEEK_SET) != 0)
		return err_errno("cannot write a temporary file");
	json_put_key(&s->images, "annotations");
	while ((n = fread(piece, 1, sizeof piece, s->later)) > 0)
		fwrite(piece, 1, n, s->json.file);
	s->images.after_key = false;
	return ferror(s->later) ? err_errno("cannot read a temporary file") : 0;
}

static int finish_source(struct unpacker *u, struct unpacked *s)
{
	json_put_end(&s->images, ']');
	fputc('\n', s->json.file);
	TRY(copy_annotations(s));
	fputc('\n', s->json.file);
	json_put_key(&s->images, "categories");
	json_put_array(&s->images);
	for (int i = 0; i < u->param.n_categories; i++) {
		fputc('\n', s->json.file);
		TRY(coco_put_category(&s->images, &u->param.categories[i]));
	}
	json_put_end(&s->images, ']');
	json_put_end(&s->images, '}');
	fputc('\n', s->json.file);
	return atomic_commit(&s->json);
}

static void release(struct unpacker *u)
{
	for (int i = 0; i < u->n; i++)
		release_source(u->source[i]);
	free(u->source);
	close(u->directory);
	arena_release(&u->arena);
	free(u);
}

static int close_unpacker(void *context, const struct stream_trailer *trailer)
{
	struct unpacker *u = context;
	(void)trailer;
	/* The JSON files say that all images are there. */
	int status = syncfs(u->directory) == 0 ? 0 : err_errno("cannot write '%s'", u->param.path);
	for (int i = 0; i < u->n && status == 0; i++)
		status = finish_source(u, u->source[i]);
	release(u);
	return status;
}

static void abandon(void *context)
{
	release(context);
}

static int open_empty(const char *path)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return err_errno("cannot make the directory '%s'", path);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? opendir(path) : NULL;
	if (list == NULL) {
		err_errno("cannot open the directory '%s'", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	bool empty = true;
	for (struct dirent *e; empty && (e = readdir(list)) != NULL;)
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	closedir(list);
	if (empty)
		return fd;
	close(fd);
	return err_set("'%s' is not empty; --unpack wants a new or an empty directory", path);
}

int unpack_sink_open(struct pack_sink *sink, const struct file_sink_param *param)
{
	struct unpacker *u = calloc(1, sizeof *u);
	if (u == NULL)
		return err_set("out of memory");
	u->param = *param;
	u->directory = open_empty(param->path);
	if (u->directory < 0) {
		free(u);
		return -1;
	}
	arena_init(&u->arena, 1 << 16);
	*sink = (struct pack_sink){ u, prepare, put, close_unpacker, abandon, false };
	return 0;
}
