#include "coco/image_classes.h"

#include <stdlib.h>

struct growing {
	struct image_classes *out;
	int64_t n, room;
	int n_categories;
};

static int add_label(struct growing *g, int64_t label)
{
	if (label < 0 || label >= g->n_categories)
		return 0;
	if (g->n == g->room) {
		int64_t room = g->room > 0 ? 2 * g->room : 4096;
		int32_t *larger = realloc(g->out->labels, (size_t)room * sizeof *larger);
		if (larger == NULL)
			return err_set("out of memory for the classes of %lld objects", (long long)room);
		g->out->labels = larger;
		g->room = room;
	}
	g->out->labels[g->n++] = (int32_t)label;
	return 0;
}

static int add_record(struct growing *g, const struct dataset_record *r)
{
	const struct sample *s = &r->sample;
	if (r->reject != NULL || r->deselected)
		return 0;
	TRY(add_label(g, s->class_label));
	for (int64_t i = 0; i < s->n; i++)
		if ((s->iscrowd == NULL || s->iscrowd[i] == 0) && (s->ignore == NULL || s->ignore[i] == 0))
			TRY(add_label(g, s->labels[i]));
	return 0;
}

static int read_all(struct growing *g, struct dataset *d, struct dataset_record *r)
{
	for (int64_t i = 0; i < d->n; i++) {
		r->index = i;
		if (dataset_fetch(d, r) != 1)
			return -1;
		TRY(dataset_classes(d, r));
		TRY(add_record(g, r));
		g->out->first[i + 1] = g->n;
	}
	return 0;
}

int image_classes_read(struct image_classes *c, struct dataset *d)
{
	struct growing g = { .out = c, .n_categories = d->n_categories };
	struct dataset_record r;
	*c = (struct image_classes){ .first = calloc((size_t)d->n + 1, sizeof *c->first) };
	if (c->first == NULL)
		return err_set("out of memory for the classes of %lld images", (long long)d->n);
	dataset_record_init(&r);
	int status = read_all(&g, d, &r);
	dataset_record_release(&r);
	return status;
}

void image_classes_release(struct image_classes *c)
{
	free(c->first);
	free(c->labels);
	*c = (struct image_classes){ 0 };
}
