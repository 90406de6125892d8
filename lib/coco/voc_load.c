#include "coco/voc_load.h"

#include "coco/image_names.h"

/* Runs become masks; of an object without pixels there is nothing but one run. */
static int put_masks(struct table_object *objects, const struct rle *rle, int64_t n, struct arena *a)
{
	struct table_mask *masks = arena_calloc(a, (size_t)n + 1, sizeof *masks);
	if (masks == NULL)
		return -1;
	for (int64_t i = 0; i < n; i++) {
		if (rle[i].n < 2)
			continue;
		masks[i] = (struct table_mask){ .rle_h = rle[i].h, .rle_w = rle[i].w, .rle = rle_compress(rle[i].runs, rle[i].n, a) };
		if (masks[i].rle == NULL)
			return -1;
		objects[i].mask = &masks[i];
	}
	return 0;
}

/* The image's n objects with their masks, in *out; NULL: r is a reject. */
static int read_masks(struct table_object **out, const struct table_object *objects, int64_t n, const char *path,
		      struct dataset_record *r)
{
	struct label_map map;
	struct arena *a = &r->arena;
	uint32_t *numbers;
	*out = NULL;
	TRY(label_map_open(&map, path, a));
	if (!label_map_usable(&map, r))
		return 0;
	TRY(label_map_objects(&numbers, &map, n, r));
	if (r->reject != NULL)
		return 0;
	int64_t n_masks = n < LABEL_MAP_VOID ? n : LABEL_MAP_VOID - 1;
	struct rle *rle = arena_calloc(a, (size_t)n + 1, sizeof *rle);
	uint32_t *number = arena_calloc(a, (size_t)n + 1, sizeof *number);
	struct table_object *copy = arena_calloc(a, (size_t)n + 1, sizeof *copy);
	if (rle == NULL || number == NULL || copy == NULL)
		return -1;
	for (int64_t i = 0; i < n; i++) {
		copy[i] = objects[i];
		number[i] = (uint32_t)i + 1;
	}
	TRY(label_map_runs(rle, number, n_masks, numbers, map.info.h, map.info.w, a));
	TRY(put_masks(copy, rle, n_masks, a));
	*out = copy;
	return 0;
}

static int load_objects(const struct voc *voc, struct dataset_record *r, const char *stem)
{
	const struct table_image *image = &voc->table.images[r->index];
	const struct table_object *objects = voc->table.objects + image->first;
	if (voc->objects != NULL && image->n > 0) {
		const char *path = arena_format(&r->arena, "%s/%s.png", voc->objects, stem);
		struct table_object *masked;
		if (path == NULL || read_masks(&masked, objects, image->n, path, r) != 0)
			return -1;
		objects = masked;
	}
	return r->reject == NULL ? image_table_load_objects(r, &voc->table, objects, image->n) : 0;
}

int voc_load(const struct dataset *d, struct dataset_record *r)
{
	const struct voc *voc = d->state;
	const struct table_image *image = &voc->table.images[r->index];
	struct label_map map = { 0 };
	if (voc->maps == NULL || d->options.unlabelled)
		return image_table_load(d, r);
	const char *stem = image_name_stem(image->file_name, &r->arena);
	const char *path = stem != NULL ? arena_format(&r->arena, "%s/%s.png", voc->maps, stem) : NULL;
	if (path == NULL)
		return -1;
	TRY(label_map_open(&map, path, &r->arena));
	TRY(image_table_load_image(d, r, image->w > 0 ? image->w : map.info.w, image->h > 0 ? image->h : map.info.h));
	if (!label_map_usable(&map, r))
		return 0;
	TRY(label_map_classes(&r->sample.semantic, &map, voc->class_of, r));
	return r->reject == NULL ? load_objects(voc, r, stem) : 0;
}
