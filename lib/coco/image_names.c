#include "coco/image_names.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_image_name(const char *name)
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

static int read_entries(struct image_names *names, DIR *directory, struct arena *a)
{
	struct dirent *entry;
	while (errno = 0, (entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (!is_image_name(entry->d_name)) {
			names->n_others++;
			names->n_directories += entry->d_type == DT_DIR;
			continue;
		}
		TRY(reserve(names, a));
		names->name[names->n] = arena_strdup(a, entry->d_name);
		if (names->name[names->n++] == NULL)
			return -1;
	}
	return errno == 0 ? 0 : err_errno("cannot read the directory");
}

int image_names_list(struct image_names *names, const char *directory, struct arena *a)
{
	*names = (struct image_names){ 0 };
	DIR *open_directory = opendir(directory);
	if (open_directory == NULL)
		return err_errno("cannot open the directory '%s'", directory);
	int status = read_entries(names, open_directory, a);
	if (status != 0)
		err_context("'%s'", directory);
	closedir(open_directory);
	if (names->n > 0)
		qsort(names->name, (size_t)names->n, sizeof *names->name, compare_names);
	return status;
}
