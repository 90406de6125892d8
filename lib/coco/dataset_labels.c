/*
 * A directory of images with a directory of label maps, --labels: STEM.jpg and STEM.png, at any depth.
 *
 * --classes names the numbers in the maps: "a,b,c" are 0, 1, 2, and "a=1,b=3" are 1 and 3; those that are not named are
 * of no class. Ids are 1, 2, ... in byte order of the images' names.
 */
#include "coco/categories.h"
#include "coco/image_names.h"
#include "coco/image_table.h"
#include "coco/label_map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The table comes first: image_table_load() takes the state for it. */
struct labels {
	struct image_table table;
	int16_t class_of[256];
};

static int detect(const char *path, const struct dataset_options *options)
{
	struct stat st;
	return options->labels != NULL && options->set == NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? 3 : 0;
}

/* "name" or "name=number". */
static int take_class(struct dataset *d, struct labels *l, const char *text, size_t size)
{
	char *item = arena_strndup(&d->arena, text, size), *end;
	if (item == NULL)
		return -1;
	char *equals = strrchr(item, '=');
	long number = d->n_categories;
	if (equals != NULL) {
		number = strtol(equals + 1, &end, 10);
		if (end == equals + 1 || *end != '\0' || equals == item)
			return err_set("--classes: '%s' is neither NAME nor NAME=NUMBER", item);
		*equals = '\0';
	}
	if (number < 0 || number > 255)
		return err_set("--classes: '%s' has the number %ld; label maps have 0 to 255", item, number);
	if (d->n_categories == LABEL_MAP_VOID)
		return err_set("--classes: more than 255 classes; the last number of a label map means none");
	if (l->class_of[number] != LABEL_MAP_VOID)
		return err_set("--classes: '%s' has the number %ld, which is that of '%s'", item, number,
			       d->categories[l->class_of[number]].name);
	l->class_of[number] = (int16_t)d->n_categories;
	return categories_add_name(d, item);
}

static int take_classes(struct dataset *d, struct labels *l)
{
	const char *at = d->options.classes;
	for (int i = 0; i < 256; i++)
		l->class_of[i] = LABEL_MAP_VOID;
	if (at == NULL)
		return err_set("the classes of the label maps are not known; name their numbers with --classes a,b,c or a=1,b=2");
	for (;; at++) {
		size_t size = strcspn(at, ",");
		TRY(take_class(d, l, at, size));
		at += size;
		if (*at == '\0')
			return 0;
	}
}

static int open_labels(struct dataset *d, const char *path)
{
	struct image_names names;
	struct labels *l = arena_calloc(&d->arena, 1, sizeof *l);
	if (l == NULL)
		return -1;
	image_table_init(&l->table);
	d->state = l;
	l->table.directory = path;
	d->name = dataset_base_name(d, path, "/");
	if (d->name == NULL)
		return -1;
	if (d->options.labels == NULL)
		return err_set("the label maps of '%s' are not known; give their directory with --labels", path);
	TRY(take_classes(d, l));
	TRY(image_names_walk(&names, path, &d->arena));
	d->n_passed_over = names.n_others;
	for (int64_t i = 0; i < names.n; i++) {
		struct table_image image = { .id.number = i + 1, .file_name = names.name[i] };
		bool duplicate;
		TRY(image_table_add(&l->table, &image, &duplicate));
	}
	return image_table_finish(&l->table, d);
}

static int load_labels(const struct dataset *d, struct dataset_record *r)
{
	const struct labels *l = d->state;
	const char *stem = image_name_stem(l->table.images[r->index].file_name, &r->arena);
	struct label_map map = { 0 };
	if (stem == NULL)
		return -1;
	if (!d->options.unlabelled) {
		const char *path = arena_format(&r->arena, "%s/%s.png", d->options.labels, stem);
		if (path == NULL)
			return -1;
		TRY(label_map_open(&map, path, &r->arena));
	}
	TRY(image_table_load_image(d, r, map.info.w, map.info.h));
	if (d->options.unlabelled || !label_map_usable(&map, r))
		return 0;
	return label_map_classes(&r->sample.semantic, &map, l->class_of, r);
}

const struct dataset_kind dataset_kind_labels = {
	.name = "labels", .takes = DATASET_TAKES_LABELS | DATASET_TAKES_CLASSES,
	.detect = detect,
	.open = open_labels, .load = load_labels, .close = image_table_close,
};
