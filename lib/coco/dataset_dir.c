/* A directory of images without labels, at any depth. Ids are 1, 2, ... in byte order of the names with their directories. */
#include "coco/image_names.h"
#include "coco/image_table.h"

#include <sys/stat.h>

static int detect(const char *path, const struct dataset_options *options)
{
	struct stat st;
	(void)options;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? 1 : 0;
}

static int open_dir(struct dataset *d, const char *path)
{
	struct image_names names;
	struct image_table *t = arena_alloc(&d->arena, sizeof *t);
	if (t == NULL)
		return -1;
	image_table_init(t);
	d->state = t;
	t->directory = path;
	d->name = dataset_base_name(d, path, "/");
	if (d->name == NULL)
		return -1;
	TRY(image_names_walk(&names, path, &d->arena));
	if (names.n == 0)
		return err_set("'%s' holds no .jpg, .jpeg or .png files", path);
	d->n_passed_over = names.n_others;
	for (int64_t i = 0; i < names.n; i++) {
		struct table_image image = { .id.number = i + 1, .file_name = names.name[i] };
		bool duplicate;
		TRY(image_table_add(t, &image, &duplicate));
	}
	return image_table_finish(t, d);
}

const struct dataset_kind dataset_kind_dir = {
	.name = "dir", .detect = detect, .open = open_dir, .load = image_table_load, .close = image_table_close,
};
