#include "coco/tar_sample.h"

#include "coco/coco_reader.h"
#include "coco/image_names.h"
#include "coco/label_map.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int tar_part_of(const char *name, size_t *key_size)
{
	static const struct {
		const char *suffix;
		enum tar_part_kind kind;
	} known[] = {
		{ "jpg", TAR_IMAGE }, { "jpeg", TAR_IMAGE }, { "png", TAR_IMAGE }, { "json", TAR_JSON }, { "cls", TAR_CLASS },
		{ "txt", TAR_CAPTION }, { "semantic.png", TAR_LABELS },
	};
	const char *slash = strrchr(name, '/'), *base = slash != NULL ? slash + 1 : name, *dot = strchr(base, '.');
	if (dot == NULL || dot == base)
		return -1;
	*key_size = (size_t)(dot - name);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcasecmp(dot + 1, known[i].suffix) == 0)
			return known[i].kind;
	return -1;
}

static int reject(struct tar_sample *s, const char *reason, const char *detail, struct arena *a)
{
	s->reject = reason;
	s->detail = arena_strdup(a, detail);
	return s->detail != NULL ? 0 : -1;
}

/* The objects are those of this image, whatever ids they have for it. */
static int read_annotation(struct coco_reader *c)
{
	struct table_object o;
	const struct table_image *image = c->context;
	TRY(coco_read_object(c, &o));
	o.image_id = image->id;
	return object_table_add(c->table, &o);
}

static int read_document(struct coco_reader *c, struct table_image *image, const char **source)
{
	struct json_reader *j = &c->json;
	int64_t first = c->table->n_objects;
	int more;
	TRY(json_enter_object(j, "a sample's JSON"));
	while ((more = json_next_key(j)) == 1) {
		if (json_is(j, "image")) {
			bool has_id;
			TRY(json_enter_object(j, "'image'"));
			TRY(coco_read_image(c, image, &has_id));
		} else if (json_is(j, "source")) {
			TRY(json_take_text(j, "'source'", source, c->arena));
		} else if (json_is(j, "annotations")) {
			TRY(coco_read_list(c, "'annotations'", read_annotation));
		} else {
			TRY(json_skip(j));
		}
	}
	if (more < 0 || json_next(j) != JSON_END)
		return -1;
	for (int64_t i = first; i < c->table->n_objects; i++)
		c->table->objects[i].image_id = image->id;
	return 0;
}

int tar_sample_read_json(struct tar_sample *s, const char *archive, struct image_table *objects, struct arena *a)
{
	const struct tar_part *part = &s->part[TAR_JSON];
	struct table_image image = s->image;
	const char *source = NULL;
	struct coco_reader c = { .table = objects, .arena = a, .context = &image };
	int64_t first = objects->n_objects;
	const char *name = arena_format(a, "%s: %s", archive, part->member.name);
	if (name == NULL)
		return -1;
	TRY(json_open_memory(&c.json, part->data, (size_t)part->member.size, name));
	c.masks = (struct coco_masks){ .json = &c.json, .arena = a };
	id_set_init(&c.object_ids);
	int status = read_document(&c, &image, &source);
	json_close(&c.json);
	coco_reader_release(&c);
	if (status == 0) {
		s->image = image;
		s->source = source;
		return 0;
	}
	objects->n_objects = first;
	return reject(s, REJECT_MEMBER, err_get(), a);
}

int tar_sample_take_class(struct tar_sample *s, struct arena *a)
{
	static const char space[] = " \t\r\n\v\f";
	const char *text = (const char *)s->part[TAR_CLASS].data;
	text += strspn(text, space);
	size_t size = strlen(text);
	while (size > 0 && strchr(space, text[size - 1]) != NULL)
		size--;
	s->class_text = arena_strndup(a, text, size);
	return s->class_text != NULL ? 0 : -1;
}

int32_t tar_class_label(const struct dataset *d, const char *text)
{
	char *end;
	for (int i = 0; i < d->n_categories; i++)
		if (strcmp(d->categories[i].name, text) == 0)
			return i;
	long number = strtol(text, &end, 10);
	return *text != '\0' && *end == '\0' && number >= 0 && number < d->n_categories ? (int32_t)number : -1;
}

static int take_caption(struct dataset_record *r, const struct tar_part *part)
{
	const char *text = (const char *)part->data;
	size_t size = (size_t)part->member.size;
	if (memchr(text, 0, size) != NULL) {
		r->reject = REJECT_MEMBER;
		r->detail = arena_format(&r->arena, "%s: a byte that is 0", part->member.name);
		return r->detail != NULL ? 0 : -1;
	}
	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	r->sample.caption = arena_strndup(&r->arena, text, size);
	return r->sample.caption != NULL ? 0 : -1;
}

/* Numbers are those of the categories. */
static int take_labels(const struct dataset *d, struct dataset_record *r, const struct tar_part *part)
{
	struct label_map map;
	int16_t class_of[256];
	for (int i = 0; i < 256; i++)
		class_of[i] = (int16_t)(i < d->n_categories || i == LABEL_MAP_VOID ? i : -1);
	TRY(label_map_open_bytes(&map, part->member.name, part->data, (size_t)part->member.size, &r->arena));
	return label_map_usable(&map, r) ? label_map_classes(&r->sample.semantic, &map, class_of, r) : 0;
}

static int take_class(const struct dataset *d, struct dataset_record *r, const struct tar_sample *s)
{
	r->sample.class_label = tar_class_label(d, s->class_text);
	for (int i = 0; i < d->n_categories && s->image.relabelled; i++)
		if (d->categories[i].id == s->image.original_category)
			r->sample.original_class_label = i;
	if (r->sample.class_label >= 0)
		return 0;
	r->reject = REJECT_CATEGORY;
	r->detail = arena_format(&r->arena, "%s: '%.64s'", s->part[TAR_CLASS].member.name,
				 s->class_text);
	return r->detail != NULL ? 0 : -1;
}

int tar_sample_load(const struct dataset *d, struct dataset_record *r, const struct tar_sample *s, const struct image_table *t,
		    const struct table_object *objects, int64_t n)
{
	const struct tar_part *image = &s->part[TAR_IMAGE];
	r->n_objects = n;
	r->sample.id = s->image.id;
	r->sample.source = s->source != NULL && d->options.source == NULL ? s->source : d->name;
	r->sample.file_name = s->image.file_name;
	r->sample.members = s->image.members != NULL ? s->image.members : "";
	r->reject = s->reject;
	r->detail = s->detail;
	if (r->reject == NULL && image->member.name == NULL)
		r->reject = REJECT_NO_IMAGE;
	if (r->reject != NULL)
		return 0;
	r->sample.encoded = image->data;
	r->sample.encoded_size = (size_t)image->member.size;
	TRY(image_load_header(r, s->image.w, s->image.h, d->options.exif_turned));
	if (r->reject != NULL || d->options.unlabelled)
		return 0;
	if (s->class_text != NULL)
		TRY(take_class(d, r, s));
	if (r->reject == NULL && s->part[TAR_CAPTION].data != NULL)
		TRY(take_caption(r, &s->part[TAR_CAPTION]));
	if (r->reject == NULL && s->part[TAR_LABELS].data != NULL)
		TRY(take_labels(d, r, &s->part[TAR_LABELS]));
	return r->reject == NULL && n > 0 ? image_table_load_objects(r, t, objects, n) : 0;
}

int tar_read_categories(struct dataset *d, const char *name, const uint8_t *data, size_t size)
{
	struct coco_reader c = { .d = d, .arena = &d->arena };
	id_set_init(&c.object_ids);
	TRY(json_open_memory(&c.json, data, size, name));
	int status = coco_read_categories(&c);
	json_close(&c.json);
	coco_reader_release(&c);
	return status;
}
