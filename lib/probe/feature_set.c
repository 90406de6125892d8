#include "probe/feature_set.h"

#include "record/feature.h"

#include <inttypes.h>
#include <string.h>

struct room {
	int64_t x, labels;
};

static int add(struct feature_set *s, struct room *room, const struct feature *f)
{
	char id[128];
	int64_t d = f->features.dim[0];
	if (s->n == 0)
		s->d = d;
	if (d != s->d)
		return err_set("'%s': image %s has %" PRId64 " features, those before it have %" PRId64, s->path, sample_id_text(&f->id, id), d, s->d);
	if (f->class_label < 0)
		return err_set("'%s': image %s has no class; features of images with classes are wanted (see coco-pack)", s->path,
			       sample_id_text(&f->id, id));
	TRY(arena_grow(&s->labels, s->n, &room->labels, sizeof *s->labels, &s->arena));
	if (room->x < room->labels) {
		double *x = arena_alloc(&s->arena, (size_t)(room->labels * d) * sizeof *x);
		if (x == NULL)
			return -1;
		if (s->n > 0)
			memcpy(x, s->x, (size_t)(s->n * d) * sizeof *x);
		s->x = x;
		room->x = room->labels;
	}
	for (int64_t k = 0; k < d; k++)
		s->x[s->n * d + k] = (double)((const float *)f->features.data)[k];
	s->labels[s->n++] = (int32_t)f->class_label;
	return 0;
}

static int copy_categories(struct feature_set *s, const struct stream_header *header)
{
	struct category *copy = arena_calloc(&s->arena, (size_t)header->n_categories + 1, sizeof *copy);
	if (copy == NULL)
		return -1;
	for (int i = 0; i < header->n_categories; i++) {
		copy[i].id = header->categories[i].id;
		copy[i].name = arena_strdup(&s->arena, header->categories[i].name);
		if (copy[i].name == NULL)
			return -1;
	}
	s->n_categories = header->n_categories;
	s->categories = copy;
	return 0;
}

static int read_all(struct feature_set *s, struct stream_reader *r)
{
	const struct stream_header *header = stream_reader_header(r);
	struct feature f;
	struct room room = { 0 };
	struct arena a;
	int got;
	if (strcmp(header->kind, "feature") != 0)
		return err_set("'%s' holds %ss; probe wants features (predict --features)", s->path, header->kind);
	TRY(copy_categories(s, header));
	arena_init(&a, 1 << 16);
	while ((got = feature_read(&f, r, &a)) == 1 && add(s, &room, &f) == 0)
		arena_reset(&a);
	arena_release(&a);
	if (got != 0)
		return -1;
	return s->n > 0 ? 0 : err_set("'%s' has no records", s->path);
}

int feature_set_read(struct feature_set *s, const char *path)
{
	struct stream_reader r;
	*s = (struct feature_set){ .path = path };
	TRY(stream_reader_open(&r, path, NULL));
	arena_init(&s->arena, 1 << 20);
	int status = read_all(s, &r);
	stream_reader_close(&r);
	if (status != 0)
		arena_release(&s->arena);
	return status;
}

void feature_set_release(struct feature_set *s)
{
	arena_release(&s->arena);
}

static int find(const struct feature_set *s, const char *name)
{
	for (int i = 0; i < s->n_categories; i++)
		if (strcmp(s->categories[i].name, name) == 0)
			return i;
	return -1;
}

int feature_set_match(struct feature_set *other, const struct feature_set *s)
{
	if (other->d != s->d)
		return err_set("'%s' has %" PRId64 " features an image, '%s' has %" PRId64, other->path, other->d, s->path, s->d);
	for (int64_t i = 0; i < other->n; i++) {
		const char *name = other->categories[other->labels[i]].name;
		int label = find(s, name);
		if (label < 0)
			return err_set("'%s' has images of class '%s', which '%s' does not have", other->path, name, s->path);
		other->labels[i] = label;
	}
	other->n_categories = s->n_categories;
	other->categories = s->categories;
	return 0;
}
