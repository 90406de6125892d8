/*
 * label_map: PNG files that hold a number for each pixel of an image.
 *
 *     struct label_map map;
 *     TRY(label_map_open(&map, path, &r->arena));
 *     TRY(image_table_load_image(d, r, map.info.w, map.info.h));
 *     if (label_map_usable(&map, r))
 *             TRY(label_map_classes(&r->sample.semantic, &map, class_of, r));
 */
#ifndef COCO_LABEL_MAP_H
#define COCO_LABEL_MAP_H

#include "coco/dataset.h"
#include "coco/rle.h"
#include "image/probe.h"

enum { LABEL_MAP_VOID = 255 };	/* no class */

struct label_map {
	const char *path;
	const char *reject;	/* NULL, or why the file cannot be used; then the size is 0 x 0 */
	const char *detail;
	struct image_info info;
	const uint8_t *data;	/* the whole file */
	size_t size;
};

/* Read the file and its header; all in arena memory. Error: cannot read a file that is there; memory. */
int label_map_open(struct label_map *map, const char *path, struct arena *a) MUST_CHECK;

/* The same of bytes in memory, which outlive the map. */
int label_map_open_bytes(struct label_map *map, const char *path, const uint8_t *data, size_t size, struct arena *a) MUST_CHECK;

/*
 * Whether the map can be looked at: the record is no reject, nor is the map, and it has the size of the image in its
 * annotations' frame. When this is the map's fault the record becomes a reject.
 */
bool label_map_usable(const struct label_map *map, struct dataset_record *r);

/*
 * A class for each pixel, u8 [h w] in r's arena: class_of[number]. Numbers for which class_of is -1 make the record a
 * reject. Another kind of PNG, or a damaged one, as well.
 */
int label_map_classes(struct tensor *semantic, const struct label_map *map, const int16_t class_of[256],
		      struct dataset_record *r) MUST_CHECK;

/*
 * A number for each pixel of a colour map, R + 256 G + 65536 B, u32 [h w] in r's arena; NULL in *numbers: r is a
 * reject.
 */
int label_map_numbers(uint32_t **numbers, const struct label_map *map, struct dataset_record *r) MUST_CHECK;

/*
 * The number of each pixel of a map of n objects: 1 to n, LABEL_MAP_VOID, or 0 for none; u32 [h w] in r's arena. NULL in *numbers:
 * r is a reject, also for another number.
 */
int label_map_objects(uint32_t **numbers, const struct label_map *map, int64_t n, struct dataset_record *r) MUST_CHECK;

/*
 * The masks of all n segments, by their numbers, which are ascending, in a map of numbers [h w]: out[i] of number[i].
 * Pixels of other numbers are of none. Error: memory.
 */
int label_map_runs(struct rle *out, const uint32_t *number, int64_t n, const uint32_t *numbers, int h, int w,
		   struct arena *a) MUST_CHECK;

#endif
