/*
 * A list of image files: a path a line, and behind a tab the name of the image's class, on all lines or on none.
 *
 * Paths are relative to --images, or to the directory of the list. Ids are 1, 2, ... in the order of the lines; the
 * classes are all names there are, sorted, unless --classes gives them.
 */
#include "base/text_input.h"
#include "coco/categories.h"
#include "coco/image_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* The table comes first: image_table_load() takes the state for it. */
struct list {
	struct image_table table;
	const char *input;	/* its name in messages */
	int64_t line;	/* being read, from 1 */
	bool labelled;
	int64_t n, room;
	const char **class_name;	/* [n] on the heap; NULL when not labelled */
	int32_t *label;	/* [n] -1: not among --classes */
};

static int detect(const char *path, const struct dataset_options *options)
{
	static const char *const suffixes[] = { ".txt", ".lst", ".list", ".tsv" };
	const char *suffix = strrchr(path, '.');
	struct stat st;
	(void)options;
	if (suffix == NULL || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		if (strcasecmp(suffix, suffixes[i]) == 0)
			return 2;
	return 0;
}

/* The name is kept in the data set's arena, once for each image: they are short. */
static int add_class(struct list *l, const char *name, struct arena *a)
{
	if (l->n == l->room) {
		int64_t larger = l->room > 0 ? 2 * l->room : 1024;
		const char **moved = realloc(l->class_name, (size_t)larger * sizeof *moved);
		if (moved == NULL)
			return err_set("out of memory for the classes of %lld images", (long long)larger);
		l->class_name = moved;
		l->room = larger;
	}
	l->class_name[l->n] = arena_strdup(a, name);
	return l->class_name[l->n++] != NULL ? 0 : -1;
}

static int take_line(struct list *l, char *text, struct arena *a)
{
	char *tab = strchr(text, '\t');
	bool duplicate;
	if (l->table.n_images == 0)
		l->labelled = tab != NULL;
	if (l->labelled != (tab != NULL))
		return err_set("%s:%lld: %s", l->input, (long long)l->line, tab != NULL ?
			       "a class behind a tab, but the lines before have none" :
			       "no class behind a tab, but the lines before have one");
	if (tab != NULL)
		*tab = '\0';
	if (text[0] == '\0' || (tab != NULL && tab[1] == '\0'))
		return err_set("%s:%lld: the %s is empty", l->input, (long long)l->line, text[0] == '\0' ? "path" : "class");
	if (tab != NULL && strchr(tab + 1, '\t') != NULL)
		return err_set("%s:%lld: more than one tab", l->input, (long long)l->line);
	struct table_image image = { .id.number = l->table.n_images + 1, .file_name = arena_strdup(a, text) };
	if (image.file_name == NULL || (tab != NULL && add_class(l, tab + 1, a) != 0))
		return -1;
	return image_table_add(&l->table, &image, &duplicate);
}

static int read_lines(struct list *l, FILE *file, struct arena *a)
{
	char *text = NULL;
	size_t room = 0;
	ssize_t size;
	int status = 0;
	while (status == 0 && (errno = 0, size = getline(&text, &room, file)) >= 0) {
		l->line++;
		if (memchr(text, 0, (size_t)size) != NULL) {
			status = err_set("%s:%lld: a byte that is 0; this is no list of files", l->input, (long long)l->line);
			break;
		}
		while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
			text[--size] = '\0';
		if (size > 0)
			status = take_line(l, text, a);
	}
	if (status == 0 && !feof(file))
		status = err_errno("cannot read '%s'", l->input);
	free(text);
	return status;
}

static int read_list(struct list *l, const char *path, struct arena *a)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	if (file == NULL)
		return err_errno("cannot open '%s'", path);
	int status = read_lines(l, file, a);
	if (!is_stdin)
		fclose(file);
	return status;
}

/* All names there are, sorted. */
static int find_classes(struct dataset *d, const struct list *l)
{
	const char **sorted = arena_calloc(&d->arena, (size_t)l->n + 1, sizeof *sorted);
	if (sorted == NULL)
		return -1;
	memcpy(sorted, l->class_name, (size_t)l->n * sizeof *sorted);
	return categories_add_sorted(d, sorted, l->n);
}

static int find_labels(struct dataset *d, struct list *l)
{
	struct id_map by_name;
	int status = 0;
	l->label = arena_calloc(&d->arena, (size_t)l->n + 1, sizeof *l->label);
	if (l->label == NULL)
		return -1;
	id_map_init(&by_name);
	for (int i = 0; i < d->n_categories && status >= 0; i++)
		status = id_map_add(&by_name, (struct sample_id){ .text = d->categories[i].name }, i);
	for (int64_t i = 0; i < l->n && status >= 0; i++)
		l->label[i] = (int32_t)id_map_find(&by_name, (struct sample_id){ .text = l->class_name[i] });
	id_map_release(&by_name);
	return status < 0 ? -1 : 0;
}

static int open_list(struct dataset *d, const char *path)
{
	struct list *l = arena_calloc(&d->arena, 1, sizeof *l);
	if (l == NULL)
		return -1;
	image_table_init(&l->table);
	d->state = l;
	l->input = text_input_name(path);
	const char *slash = strrchr(path, '/');
	l->table.directory = d->options.images != NULL ? d->options.images : slash == NULL ? "." :
		arena_strndup(&d->arena, path, (size_t)(slash - path) + 1);
	const char *suffix = strrchr(path, '.');
	d->name = strcmp(path, "-") == 0 ? "stdin" : dataset_base_name(d, path, suffix != NULL ? suffix : "");
	if (l->table.directory == NULL || d->name == NULL)
		return -1;
	TRY(read_list(l, path, &d->arena));
	if (l->labelled) {
		TRY(d->options.classes != NULL ? categories_add_list(d, d->options.classes) : find_classes(d, l));
		TRY(find_labels(d, l));
	}
	return image_table_finish(&l->table, d);
}

static int list_classes(const struct dataset *d, struct dataset_record *r)
{
	const struct list *l = d->state;
	r->sample.class_label = l->labelled ? l->label[r->index] : -1;
	return 0;
}

static int load_list(const struct dataset *d, struct dataset_record *r)
{
	const struct list *l = d->state;
	TRY(image_table_load(d, r));
	if (!l->labelled)
		return 0;
	r->sample.class_label = l->label[r->index];
	if (r->sample.class_label < 0 && r->reject == NULL && !d->options.unlabelled)
		r->reject = REJECT_CATEGORY;
	return 0;
}

static void close_list(struct dataset *d)
{
	struct list *l = d->state;
	if (l != NULL)
		free(l->class_name);
	image_table_close(d);
}

const struct dataset_kind dataset_kind_list = {
	.name = "list", .takes = DATASET_TAKES_IMAGES | DATASET_TAKES_CLASSES,
	.detect = detect, .open = open_list, .load = load_list, .classes = list_classes, .close = close_list,
};
