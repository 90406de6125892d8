/*
 * YOLO's text labels: images/NAME.jpg with labels/NAME.txt, at any depth; a part of the data set is images/SET with
 * labels/SET, or SET/images with SET/labels.
 *
 * An image without a label file has no objects, as its trainers take it. Ids are 1, 2, ... in byte order of the images'
 * names.
 */
#include "coco/categories.h"
#include "coco/class_names.h"
#include "coco/image_names.h"
#include "coco/image_table.h"
#include "coco/text_file.h"
#include "coco/yolo_labels.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

struct yolo_reader {
	struct dataset *d;
	struct image_table *table;
	struct arena scratch;	/* of one label file */
	const char *images, *labels;	/* directories */
	struct id_map by_stem;	/* to the index of the first image of that name */
	int64_t objects;	/* numbered so far */
};

/*
 * Where the images and labels of the part are: 0, or -1 when the directory is not laid out so, or for lack of memory.
 */
static int find_directories(const char **images, const char **labels, const char *path, const char *set, struct arena *a)
{
	static const char *const form[][2] = { { "images/%s", "labels/%s" }, { "%s/images", "%s/labels" } };
	for (int i = 0; i < 2; i++) {
		const char *inside[2];
		for (int k = 0; k < 2; k++) {
			const char *mark = strchr(form[i][k], '%');
			inside[k] = arena_format(a, "%.*s%s%s", (int)(mark - form[i][k]), form[i][k], set, mark + 2);
			if (inside[k] == NULL)
				return -1;
		}
		if (!directory_has(path, inside[0]) || !directory_has(path, inside[1]))
			continue;
		*images = arena_format(a, "%s/%s", path, inside[0]);
		*labels = arena_format(a, "%s/%s", path, inside[1]);
		return *images != NULL && *labels != NULL ? 0 : -1;
	}
	if (strcmp(set, ".") == 0)
		return err_set("'%s' has no directories 'images' and 'labels'", path);
	return err_set("'%s' has neither images/%s with labels/%s nor %s/images with %s/labels", path, set, set, set, set);
}

static int detect(const char *path, const struct dataset_options *options)
{
	const char *images, *labels;
	struct arena a;
	if (options->labels != NULL)
		return 0;
	arena_init(&a, 1 << 12);
	bool yes = find_directories(&images, &labels, path, options->set != NULL ? options->set : ".", &a) == 0;
	arena_release(&a);
	return yes ? 3 : 0;
}

/* The classes of --classes, of a file beside the images, or of data.yaml. */
static int read_names(struct yolo_reader *y)
{
	static const char *const place[] = { "classes.txt", "labels/classes.txt", "obj.names", "data.yaml" };
	struct dataset *d = y->d;
	if (d->options.classes != NULL)
		return categories_add_list(d, d->options.classes);
	for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
		struct class_names names;
		char *text;
		const char *path = arena_format(&d->arena, "%s/%s", d->path, place[i]);
		if (path == NULL)
			return -1;
		if (access(path, F_OK) != 0)
			continue;
		TRY(text_file_read(&text, path, &d->arena));
		if (strcmp(place[i], "data.yaml") == 0)
			TRY(class_names_parse_yaml(&names, path, text, &d->arena));
		else
			TRY(class_names_parse(&names, path, text, &d->arena));
		for (int k = 0; k < names.n; k++)
			TRY(categories_add_name(d, names.name[k]));
		return 0;
	}
	return err_set("'%s' has no classes.txt, obj.names or data.yaml; give the classes with --classes", d->path);
}

static const struct table_mask *make_mask(const struct yolo_label *label, struct arena *a)
{
	struct table_mask *mask = arena_calloc(a, 1, sizeof *mask);
	int32_t *n_points = arena_alloc(a, sizeof *n_points);
	double *xy = arena_calloc(a, (size_t)label->n_points, 2 * sizeof *xy);
	if (mask == NULL || n_points == NULL || xy == NULL)
		return NULL;
	*n_points = label->n_points;
	memcpy(xy, label->xy, (size_t)label->n_points * 2 * sizeof *xy);
	*mask = (struct table_mask){ .n_polygons = 1, .n_points = n_points, .xy = xy };
	return mask;
}

/* The objects of labels/STEM.txt, if there is one, for the image of that id. */
static int add_labels(struct yolo_reader *y, const char *stem, struct sample_id id)
{
	struct yolo_labels labels;
	char *text;
	arena_reset(&y->scratch);
	const char *path = arena_format(&y->scratch, "%s/%s.txt", y->labels, stem);
	if (path == NULL)
		return -1;
	if (access(path, F_OK) != 0)
		return 0;
	TRY(text_file_read(&text, path, &y->scratch));
	TRY(yolo_labels_parse(&labels, path, text, &y->scratch));
	for (int64_t i = 0; i < labels.n; i++) {
		const struct yolo_label *from = &labels.label[i];
		struct table_object o = {
			.id = ++y->objects, .image_id = id, .area = NAN, .category = from->class_number + 1,
			.box = { from->box[0], from->box[1], from->box[2], from->box[3] },
			.scored = from->scored, .score = from->score,
		};
		if (from->n_points > 0) {
			o.mask = make_mask(from, &y->d->arena);
			if (o.mask == NULL)
				return -1;
		}
		TRY(object_table_add(y->table, &o));
	}
	return 0;
}

static int add_images(struct yolo_reader *y)
{
	struct arena *a = &y->d->arena;
	struct image_names names;
	TRY(image_names_walk(&names, y->images, a));
	y->d->n_passed_over = names.n_others;
	for (int64_t i = 0; i < names.n; i++) {
		struct table_image image = { .id.number = i + 1, .file_name = names.name[i] };
		const char *stem = image_name_stem(names.name[i], a);
		bool duplicate;
		if (stem == NULL || id_map_add(&y->by_stem, (struct sample_id){ .text = stem }, i) < 0)
			return -1;
		TRY(image_table_add(y->table, &image, &duplicate));
		TRY(add_labels(y, stem, image.id));
	}
	return 0;
}

/* Labels whose image is not there: their objects belong to none. */
static int add_orphans(struct yolo_reader *y)
{
	struct arena *a = &y->d->arena;
	struct image_names names;
	TRY(file_names_walk(&names, y->labels, ".txt", a));
	for (int64_t i = 0; i < names.n; i++) {
		const char *stem = image_name_stem(names.name[i], a);
		if (stem == NULL)
			return -1;
		struct sample_id id = { .text = stem };
		if (strcmp(names.name[i], "classes.txt") != 0 && id_map_find(&y->by_stem, id) < 0)
			TRY(add_labels(y, stem, id));
	}
	return 0;
}

static int read_all(struct yolo_reader *y)
{
	struct dataset *d = y->d;
	const char *set = d->options.set;
	TRY(find_directories(&y->images, &y->labels, d->path, set != NULL ? set : ".", &d->arena));
	y->table->directory = y->images;
	TRY(read_names(y));
	TRY(add_images(y));
	if (y->table->n_images == 0)
		return err_set("'%s' holds no .jpg, .jpeg or .png files", y->images);
	TRY(add_orphans(y));
	return image_table_finish(y->table, d);
}

static int open_yolo(struct dataset *d, const char *path)
{
	struct image_table *t = arena_alloc(&d->arena, sizeof *t);
	if (t == NULL)
		return -1;
	image_table_init(t);
	d->state = t;
	t->normalised = true;
	d->name = dataset_part_name(d, path);
	if (d->name == NULL)
		return -1;
	struct yolo_reader y = { .d = d, .table = t };
	arena_init(&y.scratch, 1 << 16);
	int status = read_all(&y);
	arena_release(&y.scratch);
	id_map_release(&y.by_stem);
	return status;
}

const struct dataset_kind dataset_kind_yolo = {
	.name = "yolo", .takes = DATASET_TAKES_SET | DATASET_TAKES_CLASSES,
	.detect = detect, .open = open_yolo, .load = image_table_load, .classes = image_table_classes, .close = image_table_close,
};
