#include "coco/dataset.h"

#include <stdlib.h>
#include <string.h>

const char *dataset_base_name(struct dataset *d, const char *path, const char *suffix)
{
	char *real = realpath(path, NULL);
	const char *whole = real != NULL ? real : path;
	const char *slash = strrchr(whole, '/');
	const char *base = slash != NULL ? slash + 1 : whole;
	size_t size = strlen(base), cut = strlen(suffix);
	if (size > cut && strcmp(base + size - cut, suffix) == 0)
		size -= cut;
	const char *name = arena_strndup(&d->arena, base, size);
	free(real);
	return name;
}

const char *dataset_part_name(struct dataset *d, const char *path)
{
	const char *base = dataset_base_name(d, path, "/");
	return base == NULL || d->options.set == NULL ? base : arena_format(&d->arena, "%s-%s", base, d->options.set);
}
