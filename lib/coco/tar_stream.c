/* Archives that are read once, from front to end. */
#include "coco/categories.h"
#include "coco/tar_source.h"

#include <string.h>

int tar_take_categories(struct dataset *d, struct tar *t, const struct tar_member *m, struct arena *a)
{
	uint8_t *data;
	TRY(tar_reader_data(&t->reader, &data, a));
	if (t->categories != NULL) {
		bool same = t->categories_size == m->size && memcmp(t->categories, data, (size_t)m->size) == 0;
		return same ? 0 : err_set("'%s': the categories at byte %lld are others than those before", t->reader.name,
					  (long long)m->offset);
	}
	if (a != &d->arena)
		return d->options.classes != NULL ? 0 : err_set("'%s': the categories at byte %lld come behind samples, which a "
			"stream cannot wait for; name the classes with --classes", t->reader.name, (long long)m->offset);
	t->categories = data;
	t->categories_size = m->size;
	const char *name = arena_format(a, "%s: %s", t->reader.name, m->name);
	if (name == NULL)
		return -1;
	return d->options.classes != NULL ? 0 : tar_read_categories(d, name, data, (size_t)m->size);
}

struct tar_sample tar_sample_start(const char *key)
{
	return (struct tar_sample){ .key = key, .image = { .id.text = key, .file_name = key } };
}

void tar_sample_add(struct tar_sample *s, int kind, const struct tar_member *m)
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

int tar_stream_open(struct dataset *d, struct tar *t)
{
	int got = tar_reader_next(&t->reader, &t->pending, &t->scratch);
	if (got < 0)
		return -1;
	if (got == 1 && strcmp(t->pending.name, TAR_CATEGORIES) == 0) {
		TRY(tar_take_categories(d, t, &t->pending, &d->arena));
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

/* Take a file of a stream: into the sample, or not. */
static int take_member(struct dataset *d, struct tar *t, struct tar_sample *s, int kind, struct dataset_record *r)
{
	struct tar_member m = t->pending;
	m.name = arena_strdup(&r->arena, m.name);
	if (m.name == NULL)
		return -1;
	if (strcmp(m.name, TAR_CATEGORIES) == 0)
		return tar_take_categories(d, t, &m, &r->arena);
	if (kind < 0) {
		d->n_passed_over++;
		return 0;
	}
	bool again = s->part[kind].member.name != NULL;
	tar_sample_add(s, kind, &m);
	return again ? 0 : tar_reader_data(&t->reader, &s->part[kind].data, &r->arena);
}

int tar_stream_fetch(struct dataset *d, struct dataset_record *r)
{
	struct tar *t = d->state;
	struct tar_sample *s = NULL;
	while (t->pending.name != NULL) {
		size_t key_size = 0;
		bool special = strcmp(t->pending.name, TAR_CATEGORIES) == 0;
		int kind = special ? -1 : tar_part_of(t->pending.name, &key_size);
		if (kind >= 0 && s != NULL && (strlen(s->key) != key_size || memcmp(s->key, t->pending.name, key_size) != 0))
			break;
		if (kind >= 0 && s == NULL) {
			const char *key = arena_strndup(&r->arena, t->pending.name, key_size);
			s = arena_alloc(&r->arena, sizeof *s);
			if (s == NULL || key == NULL)
				return -1;
			*s = tar_sample_start(key);
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

static int load(const struct dataset *d, struct dataset_record *r, struct image_table *table)
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

int tar_stream_load(const struct dataset *d, struct dataset_record *r)
{
	struct image_table table;
	image_table_init(&table);
	int status = load(d, r, &table);
	image_table_release(&table);
	return status;
}
