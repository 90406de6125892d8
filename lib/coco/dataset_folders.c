/*
 * Class folders, as ImageNet's: DIR/CLASS/NAME.jpg, or DIR/CLASS/images/NAME.jpg.
 *
 * The classes are the folders in byte order of their names, unless --classes gives them, so that training and
 * test sets agree. Ids are 1, 2, ... in byte order of class, then of name, over all folders.
 */
#include "coco/image_names.h"
#include "coco/image_table.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The table comes first: image_table_load() takes the state for it. */
struct folders {
	struct image_table table;
	const char **name;	/* [n] of the folders, in byte order */
	int n;
	int32_t *label_of;	/* [n] -1: not among --classes */
	int64_t *last;	/* [n] index after the folder's last image */
};

/* "CLASS/" or "CLASS/images/": what leads from the directory to a class' images. */
static const char *image_prefix(const char *path, const char *class_name, struct arena *a)
{
	const char *prefix = arena_format(a, "%s/images/", class_name);
	if (prefix == NULL || directory_has(path, prefix))
		return prefix;
	return arena_format(a, "%s/", class_name);
}

static int list_images(struct image_names *names, const char *path, const char *prefix, struct arena *a)
{
	const char *directory = arena_format(a, "%s/%s", path, prefix);
	return directory == NULL ? -1 : image_names_list(names, directory, a);
}

static int is_folder(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The directories inside path, in byte order. */
static int list_folders(struct folders *f, const char *path, struct arena *a)
{
	struct dirent **entry;
	int n = scandir(path, &entry, is_folder, by_bytes), status = 0;
	if (n < 0)
		return err_errno("cannot open the directory '%s'", path);
	f->n = 0;
	f->name = arena_calloc(a, (size_t)n + 1, sizeof *f->name);
	for (int i = 0; i < n; i++) {
		if (f->name != NULL && status == 0 && directory_has(path, entry[i]->d_name)) {
			f->name[f->n] = arena_strdup(a, entry[i]->d_name);
			status = f->name[f->n++] == NULL ? -1 : 0;
		}
		free(entry[i]);
	}
	free(entry);
	return f->name == NULL ? -1 : status;
}

/* Folders with images, no image beside them, and not the layout of VOC. */
static bool looks_like_folders(const char *path, struct arena *a)
{
	struct folders f;
	struct image_names names;
	if (image_names_list(&names, path, a) != 0 || names.n > 0 || directory_has(path, "Annotations") ||
	    list_folders(&f, path, a) != 0)
		return false;
	for (int i = 0; i < f.n; i++) {
		const char *prefix = image_prefix(path, f.name[i], a);
		if (prefix != NULL && list_images(&names, path, prefix, a) == 0 && names.n > 0)
			return true;
	}
	return false;
}

static int detect(const char *path, const struct dataset_options *options)
{
	struct arena a;
	struct stat st;
	(void)options;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return 0;
	arena_init(&a, 1 << 20);
	bool yes = looks_like_folders(path, &a);
	arena_release(&a);
	return yes ? 2 : 0;
}

static int find_folder(const struct folders *f, const char *name, size_t size)
{
	for (int i = 0; i < f->n; i++)
		if (strlen(f->name[i]) == size && strncmp(f->name[i], name, size) == 0)
			return i;
	return -1;
}

/* The categories of "a,b,c", which has no name twice, in that order. Error: a name without a folder. */
static int take_classes(struct dataset *d, struct folders *f)
{
	for (int i = 0; i < f->n; i++)
		f->label_of[i] = -1;
	for (const char *at = d->options.classes;; at++) {
		size_t size = strcspn(at, ",");
		int i = find_folder(f, at, size);
		if (i < 0)
			return err_set("--classes: '%s' has no folder '%.*s'", d->path, (int)size, at);
		f->label_of[i] = d->n_categories;
		d->categories[d->n_categories++].name = f->name[i];
		at += size;
		if (*at == '\0')
			return 0;
	}
}

static int make_categories(struct dataset *d, struct folders *f)
{
	d->categories = arena_calloc(&d->arena, (size_t)f->n + 1, sizeof *d->categories);
	f->label_of = arena_calloc(&d->arena, (size_t)f->n + 1, sizeof *f->label_of);
	f->last = arena_calloc(&d->arena, (size_t)f->n + 1, sizeof *f->last);
	if (d->categories == NULL || f->label_of == NULL || f->last == NULL)
		return -1;
	if (d->options.classes != NULL) {
		TRY(take_classes(d, f));
	} else {
		for (int i = 0; i < f->n; i++) {
			f->label_of[i] = i;
			d->categories[d->n_categories++].name = f->name[i];
		}
	}
	for (int i = 0; i < d->n_categories; i++)
		d->categories[i].id = i + 1;
	return 0;
}

static int add_folder(struct dataset *d, struct folders *f, int i)
{
	struct image_names names;
	const char *prefix = image_prefix(d->path, f->name[i], &d->arena);
	if (prefix == NULL)
		return -1;
	TRY(list_images(&names, d->path, prefix, &d->arena));
	d->n_passed_over += names.n_others;
	for (int64_t k = 0; k < names.n; k++) {
		const char *file = arena_format(&d->arena, "%s%s", prefix, names.name[k]);
		bool duplicate;
		if (file == NULL)
			return -1;
		struct table_image image = { .id.number = f->table.n_images + 1, .file_name = file };
		TRY(image_table_add(&f->table, &image, &duplicate));
	}
	f->last[i] = f->table.n_images;
	return 0;
}

static int open_folders(struct dataset *d, const char *path)
{
	struct folders *f = arena_calloc(&d->arena, 1, sizeof *f);
	if (f == NULL)
		return -1;
	image_table_init(&f->table);
	d->state = f;
	f->table.directory = path;
	d->name = dataset_base_name(d, path, "/");
	if (d->name == NULL)
		return -1;
	TRY(list_folders(f, path, &d->arena));
	TRY(make_categories(d, f));
	for (int i = 0; i < f->n; i++)
		TRY(add_folder(d, f, i));
	if (f->table.n_images == 0)
		return err_set("'%s' holds no folders with .jpg, .jpeg or .png files", path);
	return image_table_finish(&f->table, d);
}

/* The folder of image `index`. */
static int folder_of(const struct folders *f, int64_t index)
{
	int lo = 0, hi = f->n - 1;
	while (lo < hi) {
		int middle = (lo + hi) / 2;
		if (f->last[middle] > index)
			hi = middle;
		else
			lo = middle + 1;
	}
	return lo;
}

static int folder_classes(const struct dataset *d, struct dataset_record *r)
{
	const struct folders *f = d->state;
	r->sample.class_label = f->label_of[folder_of(f, r->index)];
	return 0;
}

static int load_folders(const struct dataset *d, struct dataset_record *r)
{
	const struct folders *f = d->state;
	TRY(image_table_load(d, r));
	r->sample.class_label = f->label_of[folder_of(f, r->index)];
	if (r->sample.class_label < 0 && r->reject == NULL && !d->options.unlabelled)
		r->reject = REJECT_CATEGORY;
	return 0;
}

const struct dataset_kind dataset_kind_folders = {
	.name = "folders", .takes = DATASET_TAKES_CLASSES,
	.detect = detect, .open = open_folders, .load = load_folders, .classes = folder_classes, .close = image_table_close,
};
