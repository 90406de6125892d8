#include "coco/coco_reader.h"

#include "coco/categories.h"
#include "coco/coco_points.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool coco_file_is(const char *path)
{
	char start[64];
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, start, sizeof start - 1) : -1;
	if (fd >= 0)
		close(fd);
	if (got < 0)
		return false;
	start[got] = '\0';
	const char *name = strrchr(path, '.');
	return start[strspn(start, " \t\r\n")] == '{' || (name != NULL && strcmp(name, ".json") == 0);
}

/* As much as a stream's header, which is read whole, has room for. */
enum { MOST_ABOUT = 1 << 20 };

int coco_take_id(struct json_reader *j, const char *what, struct sample_id *id, struct arena *a)
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

int coco_read_image(struct coco_reader *c, struct table_image *image, bool *has_id)
{
	struct json_reader *j = &c->json;
	int more;
	*has_id = false;
	while ((more = json_next_key(j)) == 1) {
		if (json_is(j, "id")) {
			*has_id = true;
			TRY(coco_take_id(j, "an image's 'id'", &image->id, c->arena));
		} else if (json_is(j, "file_name")) {
			TRY(json_take_text(j, "an image's 'file_name'", &image->file_name, c->arena));
		} else if (json_is(j, "width")) {
			TRY(coco_take_side(j, "an image's 'width'", &image->w));
		} else if (json_is(j, "height")) {
			TRY(coco_take_side(j, "an image's 'height'", &image->h));
		} else if (json_is(j, "category_id")) {
			/* Of the image as a whole: what --unpack writes of a classifier's samples. */
			image->has_category = true;
			TRY(json_take_integer(j, "an image's 'category_id'", &image->category));
		} else if (json_is(j, "original_category_id")) {
			image->relabelled = true;
			TRY(json_take_integer(j, "an image's 'original_category_id'", &image->original_category));
		} else {
			TRY(json_members_take(&c->members, j));
		}
	}
	return more == 0 ? json_members_text(&image->members, &c->members, c->arena) : -1;
}

static int read_image(struct coco_reader *c)
{
	struct json_reader *j = &c->json;
	struct table_image image = { 0 };
	bool has_id, duplicate;
	TRY(coco_read_image(c, &image, &has_id));
	if (!has_id || image.file_name == NULL)
		return json_fail(j, "this image has no '%s'", has_id ? "file_name" : "id");
	if (image_table_add(c->table, &image, &duplicate) != 0)
		return duplicate ? json_fail(j, "%s", err_get()) : -1;
	return 0;
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
			if (k.n_keypoints == 0)
				TRY(json_members_add(&c->members, "keypoints", "[]", 2));
		} else if (json_is(j, "skeleton")) {
			TRY(coco_take_skeleton(j, &k, &d->arena));
			if (k.n_skeleton == 0)
				TRY(json_members_add(&c->members, "skeleton", "[]", 2));
		} else {
			TRY(json_members_take(&c->members, j));
		}
	}
	if (more < 0)
		return -1;
	TRY(json_members_text(&k.members, &c->members, &d->arena));
	if (!has_id || k.name == NULL)
		return json_fail(j, "this category has no '%s'", has_id ? "name" : "id");
	return categories_add(d, &k);
}

int coco_read_list(struct coco_reader *c, const char *what, int (*read_one)(struct coco_reader *))
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
			TRY(coco_read_list(c, "'images'", read_image));
		} else if (json_is(j, "annotations")) {
			TRY(coco_read_list(c, "'annotations'", c->read_annotation));
		} else if (json_is(j, "categories")) {
			c->has_categories = true;
			TRY(coco_read_list(c, "'categories'", read_category));
		} else {
			TRY(json_members_take(&c->about, j));
		}
	}
	if (more < 0 || json_next(j) != JSON_END)
		return -1;
	if (!c->has_images)
		return err_set("'%s' has no 'images'; COCO results (which --results takes) and captions are no data sets",
			       c->d->path);
	if (!c->has_categories && c->table->n_objects > 0)
		return err_set("'%s' has no 'categories'", c->d->path);
	return 0;
}

static int compare_categories(const void *a, const void *b)
{
	const struct category *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

/* By id, so that files of one data set agree on the labels whatever order they list them in. */
static void sort_categories(struct dataset *d)
{
	if (d->n_categories > 0)
		qsort(d->categories, (size_t)d->n_categories, sizeof *d->categories, compare_categories);
}

/* What a data set says of itself, as an archive of samples has it. */
static int read_about(struct coco_reader *c)
{
	static const size_t key = sizeof "\"members\":" - 1;
	struct stream_header all = { .n_about = c->d->n_about, .about = c->d->about };
	struct about about = { NULL, NULL };
	int more;
	while ((more = json_next_key(&c->json)) == 1) {
		if (json_is(&c->json, "source")) {
			TRY(json_take_text(&c->json, "'source'", &about.source, c->arena));
		} else if (json_is(&c->json, "members")) {
			c->members.size = 0;
			TRY(json_members_take(&c->members, &c->json));
			about.members = arena_strndup(c->arena, c->members.text + key, c->members.size - key);
			c->members.size = 0;
			if (about.members == NULL)
				return -1;
		} else {
			TRY(json_skip(&c->json));
		}
	}
	if (more < 0)
		return -1;
	if (about.source == NULL || about.members == NULL)
		return json_fail(&c->json, "'about' has no '%s'", about.source == NULL ? "source" : "members");
	TRY(stream_header_add_about(&all, &about, 1, c->arena));
	c->d->n_about = all.n_about;
	c->d->about = all.about;
	return 0;
}

int coco_read_categories(struct coco_reader *c)
{
	struct json_reader *j = &c->json;
	int more;
	TRY(json_enter_object(j, "a list of categories"));
	while ((more = json_next_key(j)) == 1)
		if (json_is(j, "categories"))
			TRY(coco_read_list(c, "'categories'", read_category));
		else if (json_is(j, "about"))
			TRY(coco_read_list(c, "'about'", read_about));
		else
			TRY(json_skip(j));
	return more < 0 || json_next(j) != JSON_END ? -1 : 0;
}

static int keep_about(struct coco_reader *c)
{
	struct dataset *d = c->d;
	const char *members;
	d->n_too_long = c->about.n_over;
	TRY(json_members_text(&members, &c->about, &d->arena));
	if (members == NULL)
		return 0;
	d->about = arena_alloc(&d->arena, sizeof *d->about);
	if (d->about == NULL)
		return -1;
	*d->about = (struct about){ d->name, members };
	d->n_about = 1;
	return 0;
}

void coco_reader_release(struct coco_reader *c)
{
	id_set_release(&c->object_ids);
	coco_masks_release(&c->masks);
	json_members_release(&c->members);
	json_members_release(&c->count);
	json_members_release(&c->about);
}

int coco_reader_read(struct dataset *d, struct image_table *table, const char *path,
		     int (*read_annotation)(struct coco_reader *c), void *context)
{
	struct coco_reader c = { .d = d, .table = table, .arena = &d->arena,
		.read_annotation = read_annotation, .context = context, .about.limit = MOST_ABOUT };
	TRY(json_open(&c.json, path));
	c.masks = (struct coco_masks){ .json = &c.json, .arena = &d->arena };
	id_set_init(&c.object_ids);
	int status = read_document(&c);
	json_close(&c.json);
	if (status == 0)
		status = keep_about(&c);
	coco_reader_release(&c);
	if (status == 0)
		sort_categories(d);
	return status;
}
