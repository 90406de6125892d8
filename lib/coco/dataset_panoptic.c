/*
 * COCO's panoptic form: a JSON file whose annotations hold the segments of an image, and a PNG file for each that says
 * which pixel is of which segment, R + 256 G + 65536 B; 0 is none.
 *
 * Segments become objects with masks, and their classes a label map for the image when they are at most 255. The PNG
 * files are in --labels, or in the directory that is named as the JSON file without ".json".
 * Source: Kirillov et al., "Panoptic Segmentation", CVPR 2019; the data format's description on cocodataset.org.
 */
#include "coco/coco_reader.h"
#include "coco/image_names.h"
#include "coco/label_map.h"

#include <stdlib.h>
#include <string.h>

/* The map of one image. */
struct panoptic_file {
	struct sample_id image_id;
	const char *name;
};

/* The table comes first: image_table_load() takes the state for it. */
struct panoptic {
	struct image_table table;
	const char *labels;	/* directory of the maps */
	int64_t n, room;
	struct panoptic_file *file;	/* [n] as the annotations come */
	const char **map_of;	/* [images] file name, or NULL */
	struct id_map mapped;	/* the images that have one */
};

/* True when the first annotation has segments. */
static bool has_segments(struct json_reader *j)
{
	if (json_next(j) != JSON_OBJECT_BEGIN)
		return false;
	while (json_next_key(j) == 1) {
		if (!json_is(j, "annotations")) {
			if (json_skip(j) != 0)
				return false;
			continue;
		}
		if (json_next(j) != JSON_ARRAY_BEGIN || json_next_element(j) != JSON_OBJECT_BEGIN)
			return false;
		while (json_next_key(j) == 1)
			if (json_is(j, "segments_info"))
				return true;
			else if (json_skip(j) != 0)
				return false;
		return false;
	}
	return false;
}

static int detect(const char *path, const struct dataset_options *options)
{
	struct json_reader j;
	(void)options;
	if (!coco_file_is(path) || json_open(&j, path) != 0)
		return 0;
	bool yes = has_segments(&j);
	json_close(&j);
	return yes ? 3 : 0;
}

static int read_segment(struct coco_reader *c)
{
	struct json_reader *j = &c->json;
	struct table_object o;
	unsigned seen;
	TRY(coco_read_fields(c, &o, &seen));
	static const char *const name[] = { "id", NULL, "category_id", "bbox" };
	for (int i = 0; i < 4; i++)
		if (name[i] != NULL && !(seen & (1u << i)))
			return json_fail(j, "this segment has no '%s'", name[i]);
	if (o.id < 1 || o.id > 0xffffff)
		return json_fail(j, "a segment's 'id' is its colour in the PNG file, from 1 to 16777215, not %lld",
				 (long long)o.id);
	o.mask = NULL;
	return object_table_add(c->table, &o);
}

static int add_file(struct panoptic *p, const struct panoptic_file *file)
{
	if (p->n == p->room) {
		int64_t larger = p->room > 0 ? 2 * p->room : 1024;
		struct panoptic_file *moved = realloc(p->file, (size_t)larger * sizeof *moved);
		if (moved == NULL)
			return err_set("out of memory for %lld annotations", (long long)larger);
		p->file = moved;
		p->room = larger;
	}
	p->file[p->n++] = *file;
	return 0;
}

/* The segments came before or after the image's id: they get it here. */
static int read_annotation(struct coco_reader *c)
{
	struct json_reader *j = &c->json;
	struct panoptic *p = c->context;
	struct panoptic_file file = { 0 };
	int64_t first = c->table->n_objects;
	bool has_image = false, has_list = false;
	int more;
	while ((more = json_next_key(j)) == 1) {
		if (json_is(j, "image_id")) {
			has_image = true;
			TRY(coco_take_id(j, "an annotation's 'image_id'", &file.image_id, &c->d->arena));
		} else if (json_is(j, "file_name")) {
			TRY(json_take_text(j, "an annotation's 'file_name'", &file.name, &c->d->arena));
		} else if (json_is(j, "segments_info")) {
			has_list = true;
			TRY(coco_read_list(c, "'segments_info'", read_segment));
		} else {
			TRY(json_skip(j));
		}
	}
	if (more < 0)
		return -1;
	if (!has_image || file.name == NULL || !has_list)
		return json_fail(j, "this annotation has no '%s'", !has_image ? "image_id" : file.name == NULL ? "file_name" :
				 "segments_info");
	int added = id_map_add(&p->mapped, file.image_id, 0);
	if (added == 0)
		return json_fail(j, "this image has an annotation already");
	for (int64_t i = first; i < c->table->n_objects; i++)
		c->table->objects[i].image_id = file.image_id;
	return added < 0 ? -1 : add_file(p, &file);
}

/* Which map belongs to which image. Images without one are rejects. */
static int link_files(struct dataset *d, struct panoptic *p)
{
	struct image_table *t = &p->table;
	p->map_of = arena_calloc(&d->arena, (size_t)t->n_images + 1, sizeof *p->map_of);
	if (p->map_of == NULL)
		return -1;
	for (int64_t i = 0; i < p->n; i++) {
		int64_t image = id_map_find(&t->by_id, p->file[i].image_id);
		if (image >= 0)
			p->map_of[image] = p->file[i].name;
	}
	for (int64_t i = 0; i < t->n_images; i++)
		t->images[i].no_annotation = p->map_of[i] == NULL;
	return 0;
}

static int open_panoptic(struct dataset *d, const char *path)
{
	struct panoptic *p = arena_calloc(&d->arena, 1, sizeof *p);
	if (p == NULL)
		return -1;
	image_table_init(&p->table);
	id_map_init(&p->mapped);
	d->state = p;
	if (d->options.images == NULL)
		return err_set("the images of '%s' are not known; give their directory with --images", path);
	if (d->options.labels == NULL && strcmp(path, "-") == 0)
		return err_set("the segments' PNG files are not known; give their directory with --labels");
	p->table.directory = d->options.images;
	p->labels = d->options.labels != NULL ? d->options.labels : image_name_stem(path, &d->arena);
	d->name = strcmp(path, "-") == 0 ? "stdin" : dataset_base_name(d, path, ".json");
	if (p->labels == NULL || d->name == NULL)
		return -1;
	TRY(coco_reader_read(d, &p->table, path, read_annotation, p));
	TRY(link_files(d, p));
	return image_table_finish(&p->table, d);
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* The masks of an image's segments, which are `objects`. */
struct segments {
	int64_t n;
	uint32_t *number;	/* [n] ascending */
	struct rle *rle;	/* [n] */
	struct table_object *objects;	/* [n] in the order of the file */
	struct table_mask *masks;	/* [n] of the objects */
};

static int make_segments(struct segments *s, const struct table_object *objects, int64_t n, struct arena *a)
{
	s->n = n;
	s->number = arena_calloc(a, (size_t)n + 1, sizeof *s->number);
	s->rle = arena_calloc(a, (size_t)n + 1, sizeof *s->rle);
	s->objects = arena_calloc(a, (size_t)n + 1, sizeof *s->objects);
	s->masks = arena_calloc(a, (size_t)n + 1, sizeof *s->masks);
	if (s->number == NULL || s->rle == NULL || s->objects == NULL || s->masks == NULL)
		return -1;
	for (int64_t i = 0; i < n; i++) {
		s->objects[i] = objects[i];
		s->number[i] = (uint32_t)objects[i].id;
	}
	qsort(s->number, (size_t)n, sizeof *s->number, compare_numbers);
	return 0;
}

static int64_t index_of(const struct segments *s, uint32_t number)
{
	const uint32_t *found = bsearch(&number, s->number, (size_t)s->n, sizeof *s->number, compare_numbers);
	return found != NULL ? found - s->number : -1;
}

/* An object without pixels keeps an empty mask, for which it is rejected. */
static int put_masks(struct segments *s, int h, int w, struct arena *a)
{
	for (int64_t i = 0; i < s->n; i++) {
		const struct rle *rle = &s->rle[index_of(s, (uint32_t)s->objects[i].id)];
		s->masks[i] = (struct table_mask){ .rle_h = h, .rle_w = w };
		s->objects[i].mask = &s->masks[i];
		if (rle->n < 2)
			continue;
		s->masks[i].rle = rle_compress(rle->runs, rle->n, a);
		if (s->masks[i].rle == NULL)
			return -1;
	}
	return 0;
}

/* A class for each pixel; a reject when a pixel is of a segment that the JSON file does not have. */
static int put_classes(struct dataset_record *r, const struct segments *s, const uint32_t *numbers, const char *path)
{
	struct sample *sample = &r->sample;
	uint8_t *of = arena_calloc(&r->arena, (size_t)s->n + 1, 1);
	TRY(tensor_new(&sample->semantic, &r->arena, DTYPE_U8, 2, (int64_t[]){ sample->orig_h, sample->orig_w }));
	if (of == NULL)
		return -1;
	for (int64_t i = 0; i < s->n; i++) {
		int32_t label = s->objects[i].label;
		of[index_of(s, (uint32_t)s->objects[i].id)] = label < 0 ? LABEL_MAP_VOID : (uint8_t)label;
	}
	uint8_t *to = sample->semantic.data;
	int64_t last = -1;
	for (int64_t i = 0; i < tensor_count(&sample->semantic); i++) {
		if (numbers[i] == 0) {
			to[i] = LABEL_MAP_VOID;
			continue;
		}
		if (last < 0 || s->number[last] != numbers[i])
			last = index_of(s, numbers[i]);
		if (last < 0) {
			r->reject = REJECT_LABEL_MAP;
			r->detail = arena_format(&r->arena, "%s: pixel %d,%d is of segment %u, which the annotation does not have",
						 path, (int)(i % sample->orig_w), (int)(i / sample->orig_w), numbers[i]);
			return r->detail != NULL ? 0 : -1;
		}
		to[i] = of[last];
	}
	return 0;
}

static int load_segments(const struct dataset *d, struct dataset_record *r, const struct label_map *map)
{
	const struct panoptic *p = d->state;
	const struct table_image *image = &p->table.images[r->index];
	struct segments s;
	uint32_t *numbers;
	int h = map->info.h, w = map->info.w;
	TRY(label_map_numbers(&numbers, map, r));
	if (r->reject != NULL)
		return 0;
	TRY(make_segments(&s, p->table.objects + image->first, image->n, &r->arena));
	TRY(put_classes(r, &s, numbers, map->path));
	if (r->reject != NULL)
		return 0;
	if (d->n_categories > LABEL_MAP_VOID)
		r->sample.semantic.data = NULL;
	TRY(label_map_runs(s.rle, s.number, s.n, numbers, h, w, &r->arena));
	TRY(put_masks(&s, h, w, &r->arena));
	return image_table_load_objects(r, &p->table, s.objects, s.n);
}

static int load_panoptic(const struct dataset *d, struct dataset_record *r)
{
	const struct panoptic *p = d->state;
	const struct table_image *image = &p->table.images[r->index];
	struct label_map map = { 0 };
	if (!image->no_annotation && !d->options.unlabelled) {
		const char *path = arena_format(&r->arena, "%s/%s", p->labels, p->map_of[r->index]);
		if (path == NULL)
			return -1;
		TRY(label_map_open(&map, path, &r->arena));
	}
	TRY(image_table_load_image(d, r, image->w > 0 ? image->w : map.info.w, image->h > 0 ? image->h : map.info.h));
	if (d->options.unlabelled || !label_map_usable(&map, r))
		return 0;
	return load_segments(d, r, &map);
}

static void close_panoptic(struct dataset *d)
{
	struct panoptic *p = d->state;
	if (p != NULL) {
		free(p->file);
		id_map_release(&p->mapped);
	}
	image_table_close(d);
}

const struct dataset_kind dataset_kind_panoptic = {
	.name = "panoptic", .takes = DATASET_TAKES_IMAGES | DATASET_TAKES_LABELS,
	.detect = detect,
	.open = open_panoptic, .load = load_panoptic, .classes = image_table_classes,
	.close = close_panoptic,
};
