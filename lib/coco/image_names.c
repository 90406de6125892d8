#include "coco/image_names.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

bool image_name_is(const char *name)
{
	const char *suffix = strrchr(name, '.');
	return suffix != NULL && (strcasecmp(suffix, ".jpg") == 0 || strcasecmp(suffix, ".jpeg") == 0 ||
				  strcasecmp(suffix, ".png") == 0);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Twice the room, in the arena: the old list is left behind. */
static int reserve(struct image_names *names, struct arena *a)
{
	if ((names->n & (names->n - 1)) != 0)
		return 0;
	size_t room = names->n > 0 ? 2 * (size_t)names->n : 1;
	const char **larger = arena_calloc(a, room, sizeof *larger);
	if (larger == NULL)
		return -1;
	if (names->n > 0)
		memcpy(larger, names->name, (size_t)names->n * sizeof *larger);
	names->name = larger;
	return 0;
}

/* A directory and those that it is in. */
struct level {
	const struct level *up;
	dev_t device;
	ino_t inode;
};

struct lister {
	struct image_names *names;
	const char *suffix;	/* NULL: those of images */
	bool deep;	/* go into directories */
	struct arena *arena;
};

static int walk(struct lister *l, const char *directory, const char *prefix, const struct level *up);

/* An entry that has the right name, is a directory to go into, or is passed over. */
static int take_entry(struct lister *l, const char *directory, const char *prefix, const char *entry,
		      const struct level *level)
{
	const char *suffix = strrchr(entry, '.'), *name = arena_format(l->arena, "%s%s", prefix, entry);
	if (name == NULL)
		return -1;
	if (l->suffix == NULL ? image_name_is(entry) : suffix != NULL && strcasecmp(suffix, l->suffix) == 0) {
		TRY(reserve(l->names, l->arena));
		l->names->name[l->names->n++] = name;
		return 0;
	}
	if (!l->deep || !directory_has(directory, entry)) {
		l->names->n_others++;
		return 0;
	}
	const char *inside = arena_format(l->arena, "%s/%s", directory, entry), *longer = arena_format(l->arena, "%s/", name);
	return inside != NULL && longer != NULL ? walk(l, inside, longer, level) : -1;
}

static int read_entries(struct lister *l, DIR *open_directory, const char *directory, const char *prefix,
			const struct level *level)
{
	struct dirent *entry;
	while (errno = 0, (entry = readdir(open_directory)) != NULL)
		if (entry->d_name[0] != '.')
			TRY(take_entry(l, directory, prefix, entry->d_name, level));
	return errno == 0 ? 0 : err_errno("cannot read the directory '%s'", directory);
}

static int walk(struct lister *l, const char *directory, const char *prefix, const struct level *up)
{
	struct stat st;
	DIR *open_directory = opendir(directory);
	if (open_directory == NULL || fstat(dirfd(open_directory), &st) != 0) {
		err_errno("cannot open the directory '%s'", directory);
		if (open_directory != NULL)
			closedir(open_directory);
		return -1;
	}
	int status = 0;
	for (const struct level *at = up; at != NULL && status == 0; at = at->up)
		if (at->device == st.st_dev && at->inode == st.st_ino)
			status = err_set("'%s' is a link to a directory that it is inside of", directory);
	if (status == 0)
		status = read_entries(l, open_directory, directory, prefix, &(struct level){ up, st.st_dev, st.st_ino });
	closedir(open_directory);
	return status;
}

static int list(struct image_names *names, const char *directory, const char *suffix, bool deep, struct arena *a)
{
	struct lister l = { names, suffix, deep, a };
	*names = (struct image_names){ 0 };
	TRY(walk(&l, directory, "", NULL));
	if (names->n > 0)
		qsort(names->name, (size_t)names->n, sizeof *names->name, compare_names);
	return 0;
}

int image_names_list(struct image_names *names, const char *directory, struct arena *a)
{
	return list(names, directory, NULL, false, a);
}

int image_names_walk(struct image_names *names, const char *directory, struct arena *a)
{
	return list(names, directory, NULL, true, a);
}

int file_names_list(struct image_names *names, const char *directory, const char *suffix, struct arena *a)
{
	return list(names, directory, suffix, false, a);
}

int file_names_walk(struct image_names *names, const char *directory, const char *suffix, struct arena *a)
{
	return list(names, directory, suffix, true, a);
}

const char *image_name_stem(const char *name, struct arena *a)
{
	const char *suffix = strrchr(name, '.');
	return arena_strndup(a, name, suffix != NULL ? (size_t)(suffix - name) : strlen(name));
}

bool directory_has(const char *path, const char *inside)
{
	char whole[4096];
	struct stat st;
	int n = snprintf(whole, sizeof whole, "%s/%s", path, inside);
	return n < (int)sizeof whole && stat(whole, &st) == 0 && S_ISDIR(st.st_mode);
}
