/* COCO JSON: {"images": [...], "annotations": [...], "categories": [...]} in any order. */
#include "coco/categories.h"
#include "coco/coco_masks.h"
#include "coco/coco_points.h"
#include "coco/rle.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct coco_reader {
	struct dataset *d;
	struct image_table *table;
	struct json_reader json;
	struct coco_masks masks;
	struct id_map object_ids;
	bool has_images, has_categories;
};

/* A file that starts like a JSON object. */
static int detect(const char *path, const struct dataset_options *options)
{
	char start[64];
	struct stat st;
	(void)options;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, start, sizeof start - 1) : -1;
	if (fd >= 0)
		close(fd);
	if (got < 0)
		return 0;
	start[got] = '\0';
	const char *name = strrchr(path, '.');
	return start[strspn(start, " \t\r\n")] == '{' || (name != NULL && strcmp(name, ".json") == 0) ? 2 : 0;
}

static int take_id(struct json_reader *j, const char *what, struct sample_id *id, struct arena *a)
{
	enum json_event e = json_next(j);
	*id = (struct sample_id){ .number = j->integer };
	if (e == JSON_NUMBER && j->is_integer)
		return 0;
	if (e == JSON_ERROR)
		return -1;
	if (e != JSON_STRING || memchr(j->text, 0, j->text_size) != NULL)
		return json_fail(j, "%s must be a whole number or a string", what);
	id->text = arena_strndup(a, j->text, j->text_size);
	return id->text != NULL ? 0 : -1;
}

static int read_image(struct coco_reader *c)
{
	struct json_reader *j = &c->json;
	struct table_image image = { 0 };
	struct arena *a = &c->d->arena;
	bool has_id = false, duplicate;
	int more;
	while ((more = json_next_key(j)) == 1) {
		if (json_is(j, "id")) {
			has_id = true;
			TRY(take_id(j, "an image's 'id'", &image.id, a));
		} else if (json_is(j, "file_name")) {
			TRY(json_take_text(j, "an image's 'file_name'", &image.file_name, a));
		} else if (json_is(j, "width")) {
			TRY(coco_take_side(j, "an image's 'width'", &image.w));
		} else if (json_is(j, "height")) {
			TRY(coco_take_side(j, "an image's 'height'", &image.h));
		} else {
			TRY(json_skip(j));
		}
	}
	if (more < 0)
		return -1;
	if (!has_id || image.file_name == NULL)
		return json_fail(j, "this image has no '%s'", has_id ? "file_name" : "id");
	if (image_table_add(c->table, &image, &duplicate) != 0)
		return duplicate ? json_fail(j, "%s", err_get()) : -1;
	return 0;
}

static int read_bbox(struct coco_reader *c, struct table_object *o)
{
	TRY(json_enter_array(&c->json, "'bbox'"));
	c->masks.n_xy = 0;
	TRY(coco_read_numbers(&c->masks, "'bbox'"));
	if (c->masks.n_xy != 4)
		return json_fail(&c->json, "'bbox' must have 4 numbers, not %lld", (long long)c->masks.n_xy);
	o->box[0] = c->masks.xy[0];
	o->box[1] = c->masks.xy[1];
	o->box[2] = c->masks.xy[0] + c->masks.xy[2];
	o->box[3] = c->masks.xy[1] + c->masks.xy[3];
	o->side[0] = c->masks.xy[2];
	o->side[1] = c->masks.xy[3];
	/* A tiny width far from the origin must not vanish unseen, nor a negative one appear. */
	if (!(c->masks.xy[2] > 0 && c->masks.xy[3] > 0))
		o->box[2] = o->box[0];
	return 0;
}

static int read_keypoints(struct coco_reader *c, struct table_object *o)
{
	TRY(json_enter_array(&c->json, "'keypoints'"));
	c->masks.n_xy = 0;
	TRY(coco_read_numbers(&c->masks, "'keypoints'"));
	if (c->masks.n_xy == 0)
		return 0;
	if (c->masks.n_xy % 3 != 0)
		return json_fail(&c->json, "'keypoints' must have 3 numbers a point, not %lld in all", (long long)c->masks.n_xy);
	if (c->table->n_keypoints == 0)
		c->table->n_keypoints = (int)(c->masks.n_xy / 3);
	if (c->masks.n_xy / 3 != c->table->n_keypoints)
		return json_fail(&c->json, "%lld keypoints, but %d in the annotations before", (long long)c->masks.n_xy / 3,
				 c->table->n_keypoints);
	float *points = arena_alloc(&c->d->arena, (size_t)c->masks.n_xy * sizeof *points);
	if (points == NULL)
		return -1;
	for (int64_t i = 0; i < c->masks.n_xy; i++)
		points[i] = (float)c->masks.xy[i];
	o->keypoints = points;
	return 0;
}

enum { HAS_ID = 1, HAS_IMAGE = 2, HAS_CATEGORY = 4, HAS_BOX = 8 };

static int read_mask(struct coco_reader *c, struct table_object *o)
{
	struct table_mask *mask;
	TRY(coco_read_segmentation(&c->masks, &mask));
	if (mask != NULL && mask->rle != NULL)
		mask->broken = !rle_covers(mask->rle, mask->rle_h, mask->rle_w);
	o->mask = mask;
	return 0;
}

/* The value of one key of an annotation; *seen collects the keys that must be there. */
static int read_field(struct coco_reader *c, struct table_object *o, unsigned *seen)
{
	struct json_reader *j = &c->json;
	if (json_is(j, "segmentation"))
		return read_mask(c, o);
	if (json_is(j, "bbox")) {
		*seen |= HAS_BOX;
		return read_bbox(c, o);
	}
	if (json_is(j, "id")) {
		*seen |= HAS_ID;
		return json_take_integer(j, "an annotation's 'id'", &o->id);
	}
	if (json_is(j, "image_id")) {
		*seen |= HAS_IMAGE;
		return take_id(j, "an annotation's 'image_id'", &o->image_id, &c->d->arena);
	}
	if (json_is(j, "category_id")) {
		*seen |= HAS_CATEGORY;
		return json_take_integer(j, "'category_id'", &o->category);
	}
	if (json_is(j, "area"))
		return json_take_number(j, "'area'", &o->area);
	if (json_is(j, "iscrowd"))
		return json_take_bool(j, "'iscrowd'", &o->iscrowd);
	if (json_is(j, "ignore"))
		return json_take_bool(j, "'ignore'", &o->ignore);
	if (json_is(j, "keypoints"))
		return read_keypoints(c, o);
	return json_skip(j);
}

static int read_annotation(struct coco_reader *c)
{
	struct json_reader *j = &c->json;
	struct table_object o = { .area = NAN };
	unsigned seen = 0;
	int more;
	while ((more = json_next_key(j)) == 1)
		TRY(read_field(c, &o, &seen));
	if (more < 0)
		return -1;
	static const char *const name[] = { "id", "image_id", "category_id", "bbox" };
	for (int i = 0; i < 4; i++)
		if (!(seen & (1u << i)))
			return json_fail(j, "this annotation has no '%s'", name[i]);
	int added = id_map_add(&c->object_ids, (struct sample_id){ .number = o.id }, c->table->n_objects);
	if (added == 0)
		return json_fail(j, "annotation id %lld is there twice", (long long)o.id);
	return added < 0 ? -1 : object_table_add(c->table, &o);
}

static int read_category(struct coco_reader *c)
{
	struct json_reader *j = &c->json;
	struct dataset *d = c->d;
	struct category k = { 0 };
	bool has_id = false;
	int more;
	while ((more = json_next_key(j)) == 1) {
		if (json_is(j, "id")) {
			has_id = true;
			TRY(json_take_integer(j, "a category's 'id'", &k.id));
		} else if (json_is(j, "name")) {
			TRY(json_take_text(j, "a category's 'name'", &k.name, &d->arena));
		} else if (json_is(j, "supercategory")) {
			TRY(json_take_text(j, "'supercategory'", &k.supercategory, &d->arena));
		} else if (json_is(j, "keypoints")) {
			TRY(coco_take_keypoint_names(j, &k, &d->arena));
		} else if (json_is(j, "skeleton")) {
			TRY(coco_take_skeleton(j, &k, &d->arena));
		} else {
			TRY(json_skip(j));
		}
	}
	if (more < 0)
		return -1;
	if (!has_id || k.name == NULL)
		return json_fail(j, "this category has no '%s'", has_id ? "name" : "id");
	return categories_add(d, &k);
}

static int read_list(struct coco_reader *c, const char *what, int (*read_one)(struct coco_reader *))
{
	enum json_event e;
	TRY(json_enter_array(&c->json, what));
	while ((e = json_next_element(&c->json)) == JSON_OBJECT_BEGIN)
		TRY(read_one(c));
	if (e == JSON_ERROR)
		return -1;
	return e == JSON_ARRAY_END ? 0 : json_fail(&c->json, "%s must hold nothing but objects", what);
}

static int read_document(struct coco_reader *c)
{
	struct json_reader *j = &c->json;
	int more;
	TRY(json_enter_object(j, "a COCO data set"));
	while ((more = json_next_key(j)) == 1) {
		if (json_is(j, "images")) {
			c->has_images = true;
			TRY(read_list(c, "'images'", read_image));
		} else if (json_is(j, "annotations")) {
			TRY(read_list(c, "'annotations'", read_annotation));
		} else if (json_is(j, "categories")) {
			c->has_categories = true;
			TRY(read_list(c, "'categories'", read_category));
		} else {
			TRY(json_skip(j));
		}
	}
	if (more < 0 || json_next(j) != JSON_END)
		return -1;
	if (!c->has_images)
		return err_set("'%s' has no 'images'; COCO results and captions are no data sets", c->d->path);
	if (!c->has_categories && c->table->n_objects > 0)
		return err_set("'%s' has no 'categories'", c->d->path);
	return 0;
}

static int compare_categories(const void *a, const void *b)
{
	const struct category *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

static int read_file(struct dataset *d, const char *path)
{
	struct coco_reader c = { .d = d, .table = d->state };
	TRY(json_open(&c.json, path));
	c.masks = (struct coco_masks){ .json = &c.json, .arena = &d->arena };
	id_map_init(&c.object_ids);
	int status = read_document(&c);
	json_close(&c.json);
	id_map_release(&c.object_ids);
	coco_masks_release(&c.masks);
	/* By id, so that files of one data set agree on the labels whatever order they list them in. */
	if (status == 0 && d->n_categories > 0)
		qsort(d->categories, (size_t)d->n_categories, sizeof *d->categories, compare_categories);
	return status;
}

static int open_coco(struct dataset *d, const char *path)
{
	if (d->options.images == NULL)
		return err_set("the images of '%s' are not known; give their directory with --images", path);
	struct image_table *t = arena_alloc(&d->arena, sizeof *t);
	if (t == NULL)
		return -1;
	image_table_init(t);
	d->state = t;
	t->directory = d->options.images;
	d->name = strcmp(path, "-") == 0 ? "stdin" : dataset_base_name(d, path, ".json");
	if (d->name == NULL)
		return -1;
	TRY(read_file(d, path));
	return image_table_finish(t, d);
}

const struct dataset_kind dataset_kind_coco = {
	.name = "coco", .detect = detect, .open = open_coco, .load = image_table_load, .close = image_table_close,
};
