/*
 * PASCAL VOC: Annotations/NAME.xml, JPEGImages/NAME.jpg, ImageSets/Main/SET.txt; or a directory of XML files and one of
 * images.
 *
 * The lists Segmentation/SET are of images with label maps, SegmentationClass/NAME.png, whose numbers are those of the
 * classes; these are then VOC's own with background before them, unless --classes gives them, and an XML file need not
 * be there. Where it is, its objects have masks if there is a directory SegmentationObject.
 *
 * Ids and labels must not depend on which list is read, or training and test sets would not agree:
 * ids are 1, 2, ... in byte order of the names of all images, and the categories are all names that
 * the directory's annotations use, sorted, unless --classes gives them.
 */
#include "base/io.h"
#include "coco/categories.h"
#include "coco/image_names.h"
#include "coco/voc_load.h"
#include "coco/voc_xml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct voc_reader {
	struct dataset *d;
	struct voc *voc;
	struct image_table *table;
	const char *annotations;	/* directory of the XML files */
	bool bare;	/* that is the operand itself */
	struct arena scratch;	/* of one annotation */
	struct image_names files;	/* of JPEGImages */
	const char **stem;	/* [n_stems] names of all images without suffix, in byte order */
	int64_t n_stems;
	struct id_map by_stem;	/* to the index in stem */
	struct id_map by_file;	/* stem to the index in files */
	struct id_map by_class;	/* to the index in the categories */
	int64_t objects;	/* numbered so far */
};

/* VOC's own classes, by their numbers in label maps. */
static const char segmentation_classes[] = "background,aeroplane,bicycle,bird,boat,bottle,bus,car,cat,chair,cow,diningtable,dog,"
	"horse,motorbike,person,pottedplant,sheep,sofa,train,tvmonitor";

static bool is_voc(const char *path)
{
	return directory_has(path, "Annotations") && directory_has(path, "JPEGImages");
}

static bool holds_xml(const char *path)
{
	struct arena a;
	struct image_names names;
	arena_init(&a, 1 << 16);
	bool yes = file_names_list(&names, path, ".xml", &a) == 0 && names.n > 0;
	arena_release(&a);
	return yes;
}

static int detect(const char *path, const struct dataset_options *options)
{
	if (is_voc(path))
		return 3;
	return options->images != NULL && directory_has(path, ".") && holds_xml(path) ? 3 : 0;
}

static int add_category(struct voc_reader *v, const char *name)
{
	int added = id_map_add(&v->by_class, (struct sample_id){ .text = name }, v->d->n_categories);
	return added <= 0 ? added : categories_add_name(v->d, name);
}

static int take_classes(struct voc_reader *v)
{
	struct dataset *d = v->d;
	TRY(categories_add_list(d, d->options.classes != NULL ? d->options.classes : segmentation_classes));
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
		const char *path = arena_format(&v->scratch, "%s/%s.xml", v->annotations, v->stem[i]);
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

/* The names of the directory's XML files. */
static int list_annotations(struct voc_reader *v, const char ***list, int64_t *n)
{
	struct arena *a = &v->d->arena;
	struct image_names names;
	if (v->d->options.set != NULL)
		return err_set("'%s' is a directory of XML files, which has no lists for --set", v->d->path);
	TRY(file_names_list(&names, v->annotations, ".xml", a));
	for (int64_t i = 0; i < names.n; i++) {
		names.name[i] = image_name_stem(names.name[i], a);
		if (names.name[i] == NULL)
			return -1;
	}
	*list = names.name;
	*n = names.n;
	return *n > 0 ? 0 : err_set("'%s' holds no .xml files", v->d->path);
}

/* The names of ImageSets/Main/SET.txt, or of ImageSets/DIR/SET.txt for a set DIR/SET, in its order. */
static int read_list(struct voc_reader *v, const char ***list, int64_t *n)
{
	struct dataset *d = v->d;
	uint8_t *data;
	size_t size;
	const char *set = d->options.set;
	if (set == NULL)
		return err_set("'%s' is a VOC directory; say which list of images with --set (train, val, trainval, test)",
			       d->path);
	const char *path = arena_format(&d->arena, "%s/ImageSets/%s%s.txt", d->path, strchr(set, '/') == NULL ? "Main/" : "", set);
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
			.id = ++v->objects, .image_id = id, .area = NAN, .ignore = from->difficult, .truncated = from->truncated,
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
	const char *path = arena_format(&v->scratch, "%s/%s.xml", v->annotations, name);
	if (path == NULL)
		return -1;
	bool has_xml = access(path, F_OK) == 0;
	image.no_annotation = !has_xml && v->voc->maps == NULL;
	if (has_xml)
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
	TRY(v->bare ? list_annotations(v, &list, &n) : read_list(v, &list, &n));
	TRY(number_images(v, list, n));
	if (d->options.classes != NULL || v->voc->maps != NULL)
		TRY(take_classes(v));
	else
		TRY(find_classes(v));
	for (int64_t i = 0; i < n; i++)
		TRY(add_image(v, list[i]));
	return image_table_finish(v->table, d);
}

/* Where everything is. */
static int find_directories(struct voc_reader *v)
{
	struct dataset *d = v->d;
	const char *path = d->path, *set = d->options.set;
	static const char segmentation[] = "Segmentation/";
	v->bare = !is_voc(path);
	if (v->bare && d->options.images == NULL)
		return err_set("'%s' has no directories 'Annotations' and 'JPEGImages'; for a directory of XML files give that "
			       "of the images with --images", path);
	v->annotations = v->bare ? path : arena_format(&d->arena, "%s/Annotations", path);
	v->table->directory = d->options.images != NULL ? d->options.images : arena_format(&d->arena, "%s/JPEGImages", path);
	if (v->annotations == NULL || v->table->directory == NULL)
		return -1;
	if (v->bare || set == NULL || strncmp(set, segmentation, sizeof segmentation - 1) != 0)
		return 0;
	v->voc->maps = d->options.labels != NULL ? d->options.labels : arena_format(&d->arena, "%s/SegmentationClass", path);
	if (directory_has(path, "SegmentationObject")) {
		v->voc->objects = arena_format(&d->arena, "%s/SegmentationObject", path);
		if (v->voc->objects == NULL)
			return -1;
	}
	return v->voc->maps != NULL ? 0 : -1;
}

static int open_voc(struct dataset *d, const char *path)
{
	struct voc *voc = arena_calloc(&d->arena, 1, sizeof *voc);
	if (voc == NULL)
		return -1;
	image_table_init(&voc->table);
	d->state = voc;
	d->name = dataset_part_name(d, path);
	if (d->name == NULL)
		return -1;
	struct voc_reader v = { .d = d, .voc = voc, .table = &voc->table };
	arena_init(&v.scratch, 1 << 16);
	int status = find_directories(&v);
	if (status == 0)
		status = read_all(&v);
	arena_release(&v.scratch);
	id_map_release(&v.by_stem);
	id_map_release(&v.by_file);
	id_map_release(&v.by_class);
	for (int i = 0; i < 256; i++)
		voc->class_of[i] = (int16_t)(i < d->n_categories || i == LABEL_MAP_VOID ? i : -1);
	return status;
}

const struct dataset_kind dataset_kind_voc = {
	.name = "voc", .takes = DATASET_TAKES_IMAGES | DATASET_TAKES_LABELS | DATASET_TAKES_SET | DATASET_TAKES_CLASSES,
	.detect = detect, .open = open_voc, .load = voc_load, .classes = image_table_classes, .close = image_table_close,
};
