#include "coco/image_table.h"

#include "base/large_pages.h"
#include "stream/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void image_table_init(struct image_table *t)
{
	*t = (struct image_table){ 0 };
	id_map_init(&t->by_id);
}

void image_table_release(struct image_table *t)
{
	free(t->images);
	free(t->objects);
	id_map_release(&t->by_id);
	image_table_init(t);
}

void image_table_close(struct dataset *d)
{
	if (d->state != NULL)
		image_table_release(d->state);
}

/* Room for one more element. */
static int reserve(void **array, int64_t n, int64_t *room, size_t size)
{
	if (n < *room)
		return 0;
	int64_t larger = *room > 0 ? 2 * *room : 1024;
	void *moved = realloc(*array, (size_t)larger * size);
	if (moved == NULL)
		return err_set("out of memory for %lld entries of the data set", (long long)larger);
	if ((size_t)larger * size >= LARGE_PAGES_FROM)
		large_pages_use(moved, (size_t)larger * size);
	*array = moved;
	*room = larger;
	return 0;
}

int image_table_add(struct image_table *t, const struct table_image *image, bool *duplicate)
{
	char text[128];
	void *images = t->images;
	TRY(reserve(&images, t->n_images, &t->images_room, sizeof *t->images));
	t->images = images;
	int added = id_map_add(&t->by_id, image->id, t->n_images);
	*duplicate = added == 0;
	if (added == 0)
		return err_set("image id %s is there twice", sample_id_text(&image->id, text));
	if (added < 0)
		return -1;
	t->images[t->n_images++] = *image;
	return 0;
}

int object_table_add(struct image_table *t, const struct table_object *object)
{
	void *objects = t->objects;
	TRY(reserve(&objects, t->n_objects, &t->objects_room, sizeof *t->objects));
	t->objects = objects;
	t->objects[t->n_objects++] = *object;
	return 0;
}

static int find_labels(struct image_table *t, const struct dataset *d)
{
	struct id_map map;
	id_map_init(&map);
	int status = 0;
	for (int i = 0; i < d->n_categories && status >= 0; i++) {
		status = id_map_add(&map, (struct sample_id){ .number = d->categories[i].id }, i);
		if (status == 0)
			status = err_set("'%s': category id %lld is there twice", d->path, (long long)d->categories[i].id);
	}
	for (int64_t i = 0; i < t->n_objects && status >= 0; i++) {
		struct sample_id id = { .number = t->objects[i].category };
		t->objects[i].label = (int32_t)id_map_find(&map, id);
		id.number = t->objects[i].original_category;
		t->objects[i].original_label = t->objects[i].relabelled ? (int32_t)id_map_find(&map, id) : -1;
	}
	for (int64_t i = 0; i < t->n_images && status >= 0; i++) {
		struct sample_id id = { .number = t->images[i].category };
		t->images[i].label = t->images[i].has_category ? (int32_t)id_map_find(&map, id) : -1;
		id.number = t->images[i].original_category;
		t->images[i].original_label = t->images[i].relabelled ? (int32_t)id_map_find(&map, id) : -1;
	}
	id_map_release(&map);
	return status < 0 ? -1 : 0;
}

/* Bring the objects of each image together, in the order they came in; orphans go to the end. */
static int sort_objects(struct image_table *t)
{
	int64_t *next = calloc((size_t)t->n_images + 2, sizeof *next);
	struct table_object *sorted = large_pages_malloc((size_t)(t->n_objects + 1) * sizeof *sorted);
	if (next == NULL || sorted == NULL) {
		free(next);
		free(sorted);
		return err_set("out of memory for %lld objects", (long long)t->n_objects);
	}
	for (int64_t i = 0; i < t->n_objects; i++) {
		struct table_object *o = &t->objects[i];
		o->image = id_map_find(&t->by_id, o->image_id);
		next[(o->image < 0 ? t->n_images : o->image) + 1]++;
	}
	for (int64_t i = 0; i <= t->n_images; i++)
		next[i + 1] += next[i];
	for (int64_t i = 0; i < t->n_images; i++) {
		t->images[i].first = next[i];
		t->images[i].n = next[i + 1] - next[i];
	}
	for (int64_t i = 0; i < t->n_objects; i++) {
		int64_t image = t->objects[i].image;
		sorted[next[image < 0 ? t->n_images : image]++] = t->objects[i];
	}
	free(next);
	free(t->objects);
	t->objects = sorted;
	t->objects_room = t->n_objects + 1;
	return 0;
}

static int fill_index(struct dataset *d, const struct image_table *t)
{
	d->n = t->n_images;
	d->id_hash = arena_calloc(&d->arena, (size_t)d->n + 1, sizeof *d->id_hash);
	d->n_objects = arena_calloc(&d->arena, (size_t)d->n + 1, sizeof *d->n_objects);
	if (d->id_hash == NULL || d->n_objects == NULL)
		return -1;
	int64_t linked = 0;
	for (int64_t i = 0; i < d->n; i++) {
		const struct sample_id *id = &t->images[i].id;
		d->id_hash[i] = id->text != NULL ? pack_id_hash_text(id->text, strlen(id->text)) :
			pack_id_hash_number(id->number);
		d->n_objects[i] = t->images[i].n;
		linked += t->images[i].n;
	}
	d->n_orphans = t->n_objects - linked;
	d->orphans = arena_calloc(&d->arena, (size_t)d->n_orphans + 1, sizeof *d->orphans);
	if (d->orphans == NULL)
		return -1;
	for (int64_t i = 0; i < d->n_orphans; i++) {
		const struct table_object *o = &t->objects[linked + i];
		d->orphans[i] = (struct dataset_orphan){ o->id, o->image_id };
	}
	return 0;
}

const char *image_table_path(const struct image_table *t, const struct table_image *image, struct arena *a)
{
	if (image->file_name[0] == '/')
		return arena_strdup(a, image->file_name);
	return arena_format(a, "%s/%s", t->directory, image->file_name);
}

/* A wrong directory is told at once, not by as many rejects as there are images. */
static int find_one_image(const struct image_table *t)
{
	struct arena scratch;
	bool there = t->directory == NULL;
	arena_init(&scratch, 1 << 12);
	for (int64_t i = 0; i < t->n_images && !there; i++) {
		arena_reset(&scratch);
		const char *path = image_table_path(t, &t->images[i], &scratch);
		if (path == NULL)
			break;
		there = access(path, F_OK) == 0;
	}
	arena_release(&scratch);
	if (there)
		return 0;
	if (t->n_images == 0)
		return 0;
	if (access(t->directory, F_OK) != 0)
		return err_errno("cannot open the image directory '%s'", t->directory);
	return err_set("none of the %lld images is in '%s' (the first is '%s'); is it the right directory?",
		       (long long)t->n_images, t->directory, t->images[0].file_name);
}

int image_table_finish(struct image_table *t, struct dataset *d)
{
	TRY(find_labels(t, d));
	TRY(sort_objects(t));
	TRY(fill_index(d, t));
	return find_one_image(t);
}

int image_table_classes(const struct dataset *d, struct dataset_record *r)
{
	const struct image_table *t = d->state;
	const struct table_image *image = &t->images[r->index];
	int32_t *labels = arena_calloc(&r->arena, (size_t)image->n + 1, sizeof *labels);
	uint8_t *passed = arena_calloc(&r->arena, (size_t)image->n + 1, sizeof *passed);
	if (labels == NULL || passed == NULL)
		return -1;
	for (int64_t i = 0; i < image->n; i++) {
		const struct table_object *o = &t->objects[image->first + i];
		labels[i] = o->label;
		passed[i] = o->iscrowd || o->ignore;
	}
	r->sample.n = image->n;
	r->sample.labels = labels;
	r->sample.ignore = passed;
	r->sample.class_label = image->has_category ? image->label : -1;
	return 0;
}
