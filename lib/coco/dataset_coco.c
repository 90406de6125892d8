/* COCO JSON: instances and keypoints, or results in the place of annotations. */
#include "coco/coco_reader.h"

#include <string.h>

static int detect(const char *path, const struct dataset_options *options)
{
	(void)options;
	return coco_file_is(path) ? 2 : 0;
}

static int read_annotation(struct coco_reader *c)
{
	struct table_object o;
	TRY(coco_read_object(c, &o));
	return object_table_add(c->table, &o);
}

/* Of an annotation whose place results take. */
static int skip_annotation(struct coco_reader *c)
{
	int more;
	while ((more = json_next_key(&c->json)) == 1)
		TRY(json_skip(&c->json));
	return more;
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
	TRY(coco_reader_read(d, t, path, d->options.results != NULL ? skip_annotation : read_annotation, NULL));
	if (d->options.results != NULL)
		TRY(coco_results_read(d, t, d->options.results));
	return image_table_finish(t, d);
}

const struct dataset_kind dataset_kind_coco = {
	.name = "coco", .takes = DATASET_TAKES_IMAGES | DATASET_TAKES_RESULTS,
	.detect = detect, .open = open_coco, .load = image_table_load, .classes = image_table_classes, .close = image_table_close,
};
