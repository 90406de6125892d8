#include "image/synth_set.h"

#include "base/io.h"
#include "base/json.h"
#include "base/threads.h"
#include "image/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* One picture under way. */
struct picture {
	struct arena arena;
	int64_t number;	/* from 1 */
	struct synth_scene scene;
	struct synth_loop **loops;	/* [scene.n][n_loops] */
	int *n_loops;
};

struct writing {
	struct synth_set *set;
	int64_t next;
	struct json_writer json;
};

static int make_directory(const char *path)
{
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return err_errno("cannot make the directory '%s'", path);
	return 0;
}

/* The file gets its name at once: what makes the set valid is instances.json, which comes last. */
static int write_file(const char *path, const uint8_t *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_errno("cannot write '%s'", path);
	int status = io_write(fd, path, bytes, size);
	if (close(fd) != 0 && status == 0)
		status = err_errno("cannot write '%s'", path);
	return status;
}

static char *path_in(const struct synth_set *set, const char *name, struct arena *a)
{
	size_t room = snprintf(NULL, 0, "%s/%s", set->directory, name) + 1U;
	char *path = arena_alloc(a, room);
	if (path != NULL)
		snprintf(path, room, "%s/%s", set->directory, name);
	return path;
}

static void image_name(char name[32], int64_t number)
{
	snprintf(name, 32, "%06" PRId64 ".jpg", number);
}

static int next_picture(void *context, void *item)
{
	struct writing *w = context;
	struct picture *p = item;
	if (w->next >= w->set->n_images)
		return 0;
	p->number = ++w->next;
	return 1;
}

static int draw_picture(void *context, void *item)
{
	const struct synth_set *set = ((struct writing *)context)->set;
	struct picture *p = item;
	struct tensor image;
	char name[32], file[48];
	uint8_t *bytes;
	size_t size;
	arena_reset(&p->arena);
	TRY(synth_scene_make(&p->scene, &set->param, set->seed, (uint64_t)p->number, &p->arena));
	TRY(synth_render(&image, &p->scene, &p->arena));
	TRY(jpeg_encode(&bytes, &size, &image, set->quality, &p->arena));
	image_name(name, p->number);
	snprintf(file, sizeof file, "images/%s", name);
	char *path = path_in(set, file, &p->arena);
	p->loops = arena_calloc(&p->arena, (size_t)p->scene.n, sizeof *p->loops);
	p->n_loops = arena_calloc(&p->arena, (size_t)p->scene.n, sizeof *p->n_loops);
	if (path == NULL || p->loops == NULL || p->n_loops == NULL)
		return -1;
	for (int i = 0; i < p->scene.n; i++)
		TRY(synth_outline(&p->loops[i], &p->n_loops[i], &p->scene, i, &p->arena));
	return write_file(path, bytes, size);
}

static void put_integer(struct json_writer *json, const char *key, int64_t value)
{
	json_put_key(json, key);
	json_put_integer(json, value);
}

static void put_outline(struct json_writer *json, const struct synth_loop *loops, int n_loops)
{
	json_put_key(json, "segmentation");
	json_put_array(json);
	for (int l = 0; l < n_loops; l++) {
		json_put_array(json);
		for (int i = 0; i < 2 * loops[l].n; i++)
			json_put_double(json, loops[l].point[i]);
		json_put_end(json, ']');
	}
	json_put_end(json, ']');
}

static int annotate_picture(void *context, void *item)
{
	struct writing *w = context;
	struct json_writer *json = &w->json;
	const struct picture *p = item;
	for (int i = 0; i < p->scene.n; i++) {
		const struct synth_object *o = &p->scene.object[i];
		json_put_object(json);
		put_integer(json, "id", ++w->set->n_objects);
		put_integer(json, "image_id", p->number);
		put_integer(json, "category_id", o->kind + 1);
		json_put_key(json, "bbox");
		json_put_array(json);
		json_put_integer(json, o->box[0]);
		json_put_integer(json, o->box[1]);
		json_put_integer(json, o->box[2] - o->box[0]);
		json_put_integer(json, o->box[3] - o->box[1]);
		json_put_end(json, ']');
		put_integer(json, "area", o->area);
		put_integer(json, "iscrowd", 0);
		put_outline(json, p->loops[i], p->n_loops[i]);
		json_put_end(json, '}');
	}
	if (w->set->progress != NULL)
		w->set->progress(w->set->progress_context, p->number);
	return 0;
}

static void put_images(struct json_writer *json, const struct synth_set *set)
{
	json_put_key(json, "images");
	json_put_array(json);
	for (int64_t i = 1; i <= set->n_images; i++) {
		char name[32];
		image_name(name, i);
		json_put_object(json);
		put_integer(json, "id", i);
		json_put_key(json, "file_name");
		json_put_string(json, name);
		put_integer(json, "width", set->param.w);
		put_integer(json, "height", set->param.h);
		json_put_end(json, '}');
	}
	json_put_end(json, ']');
}

static void put_categories(struct json_writer *json, const struct synth_set *set)
{
	json_put_key(json, "categories");
	json_put_array(json);
	for (int i = 0; i < set->param.n_kinds; i++) {
		json_put_object(json);
		put_integer(json, "id", i + 1);
		json_put_key(json, "name");
		json_put_string(json, synth_kind_name[i]);
		json_put_key(json, "supercategory");
		json_put_string(json, "shape");
		json_put_end(json, '}');
	}
	json_put_end(json, ']');
}

static int draw_all(struct writing *w)
{
	int n = 2 * w->set->threads;
	struct picture *pictures = calloc((size_t)n, sizeof *pictures);
	if (pictures == NULL)
		return err_set("out of memory");
	for (int i = 0; i < n; i++)
		arena_init(&pictures[i].arena, 1 << 20);
	int status = ordered_run(&(struct ordered_work){ .next = next_picture, .work = draw_picture,
		.done = annotate_picture, .context = w, .items = pictures, .n_items = n, .item_size = sizeof *pictures },
		w->set->threads);
	for (int i = 0; i < n; i++)
		arena_release(&pictures[i].arena);
	free(pictures);
	return status;
}

static int write_all(struct synth_set *set, struct atomic_file *f)
{
	struct writing w = { .set = set };
	json_writer_init(&w.json, f->file);
	json_put_object(&w.json);
	put_images(&w.json, set);
	put_categories(&w.json, set);
	json_put_key(&w.json, "annotations");
	json_put_array(&w.json);
	TRY(draw_all(&w));
	json_put_end(&w.json, ']');
	json_put_end(&w.json, '}');
	fputc('\n', f->file);
	if (syncfs(fileno(f->file)) != 0)
		return err_errno("cannot write to '%s'", set->directory);
	return 0;
}

static int write_set(struct synth_set *set, struct arena *a)
{
	struct atomic_file f;
	char *images = path_in(set, "images", a), *json = path_in(set, "instances.json", a);
	if (images == NULL || json == NULL)
		return -1;
	TRY(make_directory(set->directory));
	TRY(make_directory(images));
	if (unlink(json) != 0 && errno != ENOENT)
		return err_errno("cannot replace '%s'", json);
	TRY(atomic_fopen(&f, json));
	if (write_all(set, &f) != 0) {
		atomic_abandon(&f);
		return -1;
	}
	return atomic_commit(&f);
}

int synth_set_write(struct synth_set *set)
{
	struct arena a;
	set->n_objects = 0;
	arena_init(&a, 4096);
	int status = write_set(set, &a);
	arena_release(&a);
	return status;
}
