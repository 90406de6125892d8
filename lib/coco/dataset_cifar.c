/*
 * CIFAR's binary files: records of one class byte (CIFAR-10) or a coarse and a fine one (CIFAR-100), then the red,
 * green and blue planes of 32x32 pixels.
 *
 * The operand is one file, or the directory of all with --set train (data_batch_1.bin .. data_batch_5.bin, or
 * train.bin) or test (test_batch.bin, or test.bin). Ids are 1, 2, ... in the order of the records. Classes are named by
 * --classes, by batches.meta.txt or fine_label_names.txt beside the files, or by their numbers.
 * Source: the data set's own description of its binary version (Krizhevsky 2009).
 */
#include "coco/categories.h"
#include "coco/class_names.h"
#include "coco/text_file.h"
#include "stream/pack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, CLASSES_10 = 10, CLASSES_100 = 100, MAX_FILES = 5 };

struct cifar_file {
	const char *path, *name;
	int fd;
	int64_t first, n;	/* its records among all */
};

struct cifar {
	int head;	/* bytes before the pixels of a record */
	int n_files;
	struct cifar_file file[MAX_FILES];
	uint8_t *label;	/* [n] */
};

/* Files of the parts, by the bytes before the pixels. */
static const char *const train_10[] = { "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
					"data_batch_5.bin", NULL };
static const char *const test_10[] = { "test_batch.bin", NULL };
static const char *const train_100[] = { "train.bin", NULL };
static const char *const test_100[] = { "test.bin", NULL };

static bool has_file(const char *path, const char *name)
{
	char whole[4096];
	struct stat st;
	int n = snprintf(whole, sizeof whole, "%s/%s", path, name);
	return n < (int)sizeof whole && stat(whole, &st) == 0 && S_ISREG(st.st_mode);
}

/* Bytes before the pixels of the directory's records; 0: this is no such directory. */
static int head_of_directory(const char *path)
{
	if (has_file(path, train_10[0]) || has_file(path, test_10[0]))
		return 1;
	return has_file(path, train_100[0]) || has_file(path, test_100[0]) ? 2 : 0;
}

/* The same of one file of size bytes. */
static int head_of_file(int64_t size)
{
	if (size <= 0)
		return 0;
	return size % (1 + 3 * PLANE) == 0 ? 1 : size % (2 + 3 * PLANE) == 0 ? 2 : 0;
}

static int detect(const char *path, const struct dataset_options *options)
{
	const char *suffix = strrchr(path, '.');
	struct stat st;
	(void)options;
	if (stat(path, &st) != 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return head_of_directory(path) > 0 ? 3 : 0;
	return S_ISREG(st.st_mode) && suffix != NULL && strcmp(suffix, ".bin") == 0 && head_of_file(st.st_size) > 0 ? 2 : 0;
}

static int add_file(struct dataset *d, struct cifar *c, const char *path)
{
	struct cifar_file *f = &c->file[c->n_files++];
	const char *slash = strrchr(path, '/');
	struct stat st;
	*f = (struct cifar_file){ .path = path, .name = slash != NULL ? slash + 1 : path,
		.fd = open(path, O_RDONLY | O_CLOEXEC), .first = d->n };
	if (f->fd < 0 || fstat(f->fd, &st) != 0)
		return err_errno("cannot open '%s'", path);
	int64_t record = c->head + 3 * PLANE;
	if (!S_ISREG(st.st_mode) || st.st_size % record != 0)
		return err_set("'%s' is no file of whole records of %lld bytes", path, (long long)record);
	f->n = st.st_size / record;
	d->n += f->n;
	return 0;
}

static int add_directory(struct dataset *d, struct cifar *c)
{
	const char *set = d->options.set;
	c->head = head_of_directory(d->path);
	if (c->head == 0)
		return err_set("'%s' holds none of CIFAR's .bin files", d->path);
	if (set == NULL || (strcmp(set, "train") != 0 && strcmp(set, "test") != 0))
		return err_set("'%s' holds CIFAR's training and test images; say which with --set train or --set test", d->path);
	const char *const *name = strcmp(set, "train") == 0 ? (c->head == 1 ? train_10 : train_100) :
		c->head == 1 ? test_10 : test_100;
	for (; *name != NULL; name++) {
		const char *path = arena_format(&d->arena, "%s/%s", d->path, *name);
		if (path == NULL)
			return -1;
		TRY(add_file(d, c, path));
	}
	return 0;
}

static int read_at(const struct cifar *c, const struct cifar_file *f, int64_t number, int64_t offset, void *data, size_t size)
{
	ssize_t got = pread(f->fd, data, size, (off_t)(number * (c->head + 3 * PLANE) + offset));
	if (got < 0)
		return err_errno("cannot read '%s'", f->path);
	return (size_t)got == size ? 0 : err_set("'%s' has become shorter: record %lld is cut", f->path, (long long)number);
}

/* Ids, classes, and of CIFAR-100 the coarse class of each fine one. */
static int read_labels(struct dataset *d, struct cifar *c, int coarse[CLASSES_100])
{
	int classes = c->head == 1 ? CLASSES_10 : CLASSES_100;
	d->id_hash = arena_calloc(&d->arena, (size_t)d->n + 1, sizeof *d->id_hash);
	d->n_objects = arena_calloc(&d->arena, (size_t)d->n + 1, sizeof *d->n_objects);
	c->label = arena_calloc(&d->arena, (size_t)d->n + 1, 1);
	if (d->id_hash == NULL || d->n_objects == NULL || c->label == NULL)
		return -1;
	for (int i = 0; i < c->n_files; i++)
		for (int64_t k = 0; k < c->file[i].n; k++) {
			uint8_t head[2];
			int64_t index = c->file[i].first + k;
			TRY(read_at(c, &c->file[i], k, 0, head, (size_t)c->head));
			c->label[index] = head[c->head - 1];
			if (c->label[index] >= classes)
				return err_set("'%s': record %lld is of class %d; there are only 0 to %d", c->file[i].path,
					       (long long)k, c->label[index], classes - 1);
			coarse[c->label[index]] = head[0];
			d->id_hash[index] = pack_id_hash_number(index + 1);
		}
	return 0;
}

/* The names in a file beside the data; none when it is not there. */
static int read_names(struct class_names *names, const char *directory, const char *file, struct arena *a)
{
	char *text;
	*names = (struct class_names){ 0 };
	const char *path = arena_format(a, "%s/%s", directory, file);
	if (path == NULL)
		return -1;
	if (access(path, F_OK) != 0)
		return 0;
	TRY(text_file_read(&text, path, a));
	return class_names_parse(names, path, text, a);
}

static int name_classes(struct dataset *d, const struct cifar *c, const int coarse[CLASSES_100])
{
	int classes = c->head == 1 ? CLASSES_10 : CLASSES_100;
	struct class_names names, groups;
	const char *slash = strrchr(c->file[0].path, '/');
	const char *directory = slash == NULL ? "." : arena_strndup(&d->arena, c->file[0].path, (size_t)(slash - c->file[0].path));
	if (directory == NULL)
		return -1;
	TRY(read_names(&names, directory, c->head == 1 ? "batches.meta.txt" : "fine_label_names.txt", &d->arena));
	TRY(read_names(&groups, directory, "coarse_label_names.txt", &d->arena));
	if (d->options.classes != NULL) {
		TRY(categories_add_list(d, d->options.classes));
	} else {
		for (int i = 0; i < names.n; i++)
			TRY(categories_add_name(d, names.name[i]));
		for (int i = 0; i < classes && names.n == 0; i++) {
			const char *number = arena_format(&d->arena, "%d", i);
			if (number == NULL)
				return -1;
			TRY(categories_add_name(d, number));
		}
	}
	if (d->n_categories != classes)
		return err_set("'%s' has %d classes, but %d are named", d->path, classes, d->n_categories);
	for (int i = 0; i < classes && c->head == 2; i++)
		if (coarse[i] < groups.n)
			d->categories[i].supercategory = groups.name[coarse[i]];
	return 0;
}

static int open_cifar(struct dataset *d, const char *path)
{
	struct cifar *c = arena_calloc(&d->arena, 1, sizeof *c);
	int coarse[CLASSES_100] = { 0 };
	struct stat st;
	if (c == NULL)
		return -1;
	d->state = c;
	d->n = 0;
	d->name = dataset_part_name(d, path);
	if (d->name == NULL)
		return -1;
	if (stat(path, &st) != 0)
		return err_errno("cannot open '%s'", path);
	if (S_ISDIR(st.st_mode)) {
		TRY(add_directory(d, c));
	} else {
		c->head = head_of_file(st.st_size);
		if (c->head == 0)
			return err_set("'%s' holds no whole number of CIFAR's records: its size is %lld bytes", path,
				       (long long)st.st_size);
		TRY(add_file(d, c, path));
	}
	TRY(read_labels(d, c, coarse));
	return name_classes(d, c, coarse);
}

static int load_cifar(const struct dataset *d, struct dataset_record *r)
{
	const struct cifar *c = d->state;
	const struct cifar_file *f = c->file;
	struct sample *s = &r->sample;
	uint8_t planes[3 * PLANE];
	while (r->index >= f->first + f->n)
		f++;
	s->id.number = r->index + 1;
	s->source = d->name;
	s->file_name = f->name;
	s->class_label = c->label[r->index];
	s->orig_w = s->orig_h = s->valid_w = s->valid_h = SIDE;
	TRY(read_at(c, f, r->index - f->first, c->head, planes, sizeof planes));
	TRY(tensor_new(&s->pixels, &r->arena, DTYPE_U8, 3, (int64_t[]){ SIDE, SIDE, 3 }));
	uint8_t *pixel = s->pixels.data;
	for (int i = 0; i < PLANE; i++)
		for (int k = 0; k < 3; k++)
			pixel[3 * i + k] = planes[k * PLANE + i];
	return 0;
}

static int cifar_classes(const struct dataset *d, struct dataset_record *r)
{
	const struct cifar *c = d->state;
	r->sample.class_label = c->label[r->index];
	return 0;
}

static void close_cifar(struct dataset *d)
{
	const struct cifar *c = d->state;
	for (int i = 0; c != NULL && i < c->n_files; i++)
		if (c->file[i].fd >= 0)
			close(c->file[i].fd);
}

const struct dataset_kind dataset_kind_cifar = {
	.name = "cifar", .takes = DATASET_TAKES_SET | DATASET_TAKES_CLASSES,
	.detect = detect, .open = open_cifar, .load = load_cifar, .classes = cifar_classes,
	.close = close_cifar,
};
