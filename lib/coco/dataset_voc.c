/*
 * PASCAL VOC: Annotations/NAME.xml, JPEGImages/NAME.jpg, ImageSets/Main/SET.txt.
 *
 * Ids and labels must not depend on which list is read, or training and test sets would not agree:
 * ids are 1, 2, ... in byte order of the names of all images, and the categories are all names that
 * the directory's annotations use, sorted, unless --classes gives them.
 */
#include "base/io.h"
#include "coco/categories.h"
#include "coco/image_names.h"
#include "coco/image_table.h"
#include "coco/voc_xml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct voc_reader {
	struct dataset *d;
	struct image_table *table;
	struct arena scratch;	/* of one annotation */
	struct image_names files;	/* of JPEGImages */
	const char **stem;	/* [n_stems] names of all images without suffix, in byte order */
	int64_t n_stems;
	struct id_map by_stem;	/* to the index in stem */
	struct id_map by_file;	/* stem to the index in files */
	struct id_map by_class;	/* to the index in the categories */
	int64_t objects;	/* numbered so far */
};

static int detect(const char *path, const struct dataset_options *options)
{
	(void)options;
	return directory_has(path, "Annotations") && directory_has(path, "JPEGImages") ? 2 : 0;
}

static int add_category(struct voc_reader *v, const char *name)
{
	int added = id_map_add(&v->by_class, (struct sample_id){ .text = name }, v->d->n_categories);
	return added <= 0 ? added : categories_add_name(v->d, name);
}

static int take_classes(struct voc_reader *v)
{
	struct dataset *d = v->d;
	TRY(categories_add_list(d, d->options.classes));
	for (int i = 0; i < d->n_categories; i++)
		if (id_map_add(&v->by_class, (struct sample_id){ .text = d->categories[i].name }, i) < 0)
			return -1;
	return 0;
}

static int compare_categories(const void *a, const void *b)
{
	return strcmp(((const struct category *)a)->name, ((const struct category *)b)->name);
}

/* All names that any annotation of the directory uses. */
static int find_classes(struct voc_reader *v)
{
	struct dataset *d = v->d;
	for (int64_t i = 0; i < v->n_stems; i++) {
		struct voc_annotation x;
		arena_reset(&v->scratch);
		const char *path = arena_format(&v->scratch, "%s/Annotations/%s.xml", d->path, v->stem[i]);
		if (path == NULL)
			return -1;
		if (access(path, F_OK) != 0)
			continue;
		TRY(voc_xml_read(&x, path, &v->scratch));
		for (int64_t k = 0; k < x.n; k++) {
			if (id_map_find(&v->by_class, (struct sample_id){ .text = x.objects[k].name }) >= 0)
				continue;
			const char *name = arena_strdup(&d->arena, x.objects[k].name);
			if (name == NULL)
				return -1;
			TRY(add_category(v, name));
		}
	}
	if (d->n_categories > 0)
		qsort(d->categories, (size_t)d->n_categories, sizeof *d->categories, compare_categories);
	id_map_release(&v->by_class);
	for (int i = 0; i < d->n_categories; i++) {
		d->categories[i].id = i + 1;
		if (id_map_add(&v->by_class, (struct sample_id){ .text = d->categories[i].name }, i) < 0)
			return -1;
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of ImageSets/Main/SET.txt, in its order. */
static int read_list(struct voc_reader *v, const char ***list, int64_t *n)
{
	struct dataset *d = v->d;
	uint8_t *data;
	size_t size;
	const char *set = d->options.set;
	if (set == NULL)
		return err_set("'%s' is a VOC directory; say which list of images with --set (train, val, trainval, test)",
			       d->path);
	const char *path = arena_format(&d->arena, "%s/ImageSets/Main/%s.txt", d->path, set);
	if (path == NULL)
		return -1;
	TRY(io_read_file(path, &data, &size, &d->arena));
	*list = arena_calloc(&d->arena, size / 2 + 1, sizeof **list);
	if (*list == NULL)
		return -1;
	*n = 0;
	char *rest = (char *)data, *line;
	for (int number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
		line += strspn(line, " \t\r");
		size_t length = strcspn(line, " \t\r");
		if (line[length + strspn(line + length, " \t\r")] != '\0')
			return err_set("%s:%d: one name a line is expected; this looks like the list of one class", path, number);
		line[length] = '\0';
		if (length > 0)
			(*list)[(*n)++] = line;
	}
	return *n > 0 ? 0 : err_set("'%s' lists no images", path);
}

/* Number all images there are: those of JPEGImages and those of the list. */
static int number_images(struct voc_reader *v, const char **list, int64_t n_list)
{
	struct arena *a = &v->d->arena;
	const char *directory = v->table->directory;
	TRY(image_names_list(&v->files, directory, a));
	const char **all = arena_calloc(a, (size_t)(v->files.n + n_list) + 1, sizeof *all);
	if (all == NULL)
		return -1;
	int64_t n = 0;
	for (int64_t i = 0; i < v->files.n; i++) {
		all[n] = image_name_stem(v->files.name[i], a);
		if (all[n] == NULL || id_map_add(&v->by_file, (struct sample_id){ .text = all[n] }, i) < 0)
			return -1;
		n++;
	}
	if (n_list > 0)
		memcpy(all + n, list, (size_t)n_list * sizeof *all);
	n += n_list;
	qsort(all, (size_t)n, sizeof *all, compare_names);
	v->stem = all;
	for (int64_t i = 0; i < n; i++) {
		int added = id_map_add(&v->by_stem, (struct sample_id){ .text = all[i] }, v->n_stems);
		if (added < 0)
			return -1;
		if (added > 0)
			v->stem[v->n_stems++] = all[i];
	}
	return 0;
}

static int add_objects(struct voc_reader *v, const struct voc_annotation *x, struct sample_id id)
{
	for (int64_t k = 0; k < x->n; k++) {
		const struct voc_object *from = &x->objects[k];
		int64_t label = id_map_find(&v->by_class, (struct sample_id){ .text = from->name });
		struct table_object o = {
			.id = ++v->objects, .image_id = id, .area = NAN, .ignore = from->difficult,
			.category = label < 0 ? -1 : label + 1,
			.box = { from->box[0] - 1, from->box[1] - 1, from->box[2], from->box[3] },
		};
		/* Equal corners are a click without a drag, not a box of one pixel. */
		if (from->box[2] <= from->box[0] || from->box[3] <= from->box[1])
			o.box[2] = o.box[0];
		TRY(object_table_add(v->table, &o));
	}
	return 0;
}

static int add_image(struct voc_reader *v, const char *name)
{
	struct dataset *d = v->d;
	struct sample_id key = { .text = name };
	int64_t file = id_map_find(&v->by_file, key);
	struct table_image image = {
		.id.number = id_map_find(&v->by_stem, key) + 1,
		.file_name = file >= 0 ? v->files.name[file] : NULL,
	};
	if (file < 0) {
		/* It becomes a reject; the usual suffix makes its name complete. */
		image.file_name = arena_format(&d->arena, "%s.jpg", name);
		if (image.file_name == NULL)
			return -1;
	}
	struct voc_annotation x = { 0 };
	arena_reset(&v->scratch);
	const char *path = arena_format(&v->scratch, "%s/Annotations/%s.xml", d->path, name);
	if (path == NULL)
		return -1;
	image.no_annotation = access(path, F_OK) != 0;
	if (!image.no_annotation)
		TRY(voc_xml_read(&x, path, &v->scratch));
	image.w = x.w;
	image.h = x.h;
	bool duplicate;
	if (image_table_add(v->table, &image, &duplicate) != 0)
		return duplicate ? err_set("'%s' is in the list '%s' twice", name, d->options.set) : -1;
	return add_objects(v, &x, image.id);
}

static int read_all(struct voc_reader *v)
{
	struct dataset *d = v->d;
	const char **list = NULL;
	int64_t n = 0;
	TRY(read_list(v, &list, &n));
	TRY(number_images(v, list, n));
	if (d->options.classes != NULL)
		TRY(take_classes(v));
	else
		TRY(find_classes(v));
	for (int64_t i = 0; i < n; i++)
		TRY(add_image(v, list[i]));
	return image_table_finish(v->table, d);
}

static int open_voc(struct dataset *d, const char *path)
{
	struct image_table *t = arena_alloc(&d->arena, sizeof *t);
	if (t == NULL)
		return -1;
	image_table_init(t);
	d->state = t;
	t->directory = arena_format(&d->arena, "%s/JPEGImages", path);
	d->name = dataset_part_name(d, path);
	if (t->directory == NULL || d->name == NULL)
		return -1;
	struct voc_reader v = { .d = d, .table = t };
	arena_init(&v.scratch, 1 << 16);
	int status = read_all(&v);
	arena_release(&v.scratch);
	id_map_release(&v.by_stem);
	id_map_release(&v.by_file);
	id_map_release(&v.by_class);
	return status;
}

const struct dataset_kind dataset_kind_voc = {
	.name = "voc", .detect = detect, .open = open_voc, .load = image_table_load, .close = image_table_close,
};
