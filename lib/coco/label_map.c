#include "coco/label_map.h"

#include "base/io.h"
#include "image/codec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int reject_map(struct label_map *map, const char *reason, const char *detail, struct arena *a)
{
	map->reject = reason;
	map->detail = arena_format(a, "%s: %s", map->path, detail);
	return map->detail != NULL ? 0 : -1;
}

int label_map_open(struct label_map *map, const char *path, struct arena *a)
{
	struct stat st;
	uint8_t *data;
	*map = (struct label_map){ .path = path };
	if (stat(path, &st) != 0) {
		if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
			return err_errno("cannot read '%s'", path);
		return reject_map(map, REJECT_NO_LABEL_MAP, strerror(errno), a);
	}
	if (!S_ISREG(st.st_mode))
		return reject_map(map, REJECT_LABEL_MAP, "not a regular file", a);
	TRY(io_read_file(path, &data, &map->size, a));
	return label_map_open_bytes(map, path, data, map->size, a);
}

int label_map_open_bytes(struct label_map *map, const char *path, const uint8_t *data, size_t size, struct arena *a)
{
	*map = (struct label_map){ .path = path, .data = data, .size = size };
	if (image_probe(&map->info, data, size) != 0 || map->info.format != IMAGE_PNG) {
		bool is_jpeg = map->info.format == IMAGE_JPEG && map->info.w > 0;
		map->info = (struct image_info){ 0 };
		return reject_map(map, REJECT_LABEL_MAP, is_jpeg ? "a JPEG file, which does not keep numbers" : err_get(), a);
	}
	return 0;
}

/* The record cannot be used for its map's sake. */
static int reject_record(struct dataset_record *r, const struct label_map *map, const char *detail)
{
	r->reject = REJECT_LABEL_MAP;
	r->detail = arena_format(&r->arena, "%s: %s", map->path, detail);
	return r->detail != NULL ? 0 : -1;
}

bool label_map_usable(const struct label_map *map, struct dataset_record *r)
{
	const struct sample *s = &r->sample;
	if (r->reject != NULL)
		return false;
	r->reject = map->reject;
	r->detail = map->detail;
	if (r->reject == NULL && (map->info.w != s->orig_w || map->info.h != s->orig_h)) {
		r->reject = REJECT_LABEL_MAP;
		r->detail = arena_format(&r->arena, "%s: it has %dx%d, the image %dx%d", map->path, map->info.w, map->info.h,
					 s->orig_w, s->orig_h);
	}
	return r->reject == NULL;
}

int label_map_classes(struct tensor *semantic, const struct label_map *map, const int16_t class_of[256],
		      struct dataset_record *r)
{
	struct tensor labels;
	if (png_decode_labels(&labels, &map->info, map->data, map->size, &r->arena) != 0)
		return reject_record(r, map, err_get());
	uint8_t *label = labels.data;
	for (int64_t i = 0; i < tensor_count(&labels); i++) {
		int16_t label_class = class_of[label[i]];
		if (label_class < 0) {
			char text[96];
			snprintf(text, sizeof text, "pixel %lld,%lld is %d, which is no class", (long long)(i % labels.dim[1]),
				 (long long)(i / labels.dim[1]), label[i]);
			return reject_record(r, map, text);
		}
		label[i] = (uint8_t)label_class;
	}
	*semantic = labels;
	return 0;
}

int label_map_numbers(uint32_t **numbers, const struct label_map *map, struct dataset_record *r)
{
	struct image_tile tile;
	*numbers = NULL;
	if (map->info.components < 3 || map->info.bits != 8)
		return reject_record(r, map, "a map of segments is in colours of 8 bits");
	if (png_decode(&tile, &map->info, map->data, map->size, &r->arena) != 0)
		return reject_record(r, map, err_get());
	int64_t n = tile.rgb.dim[0] * tile.rgb.dim[1];
	const uint8_t *rgb = tile.rgb.data;
	*numbers = arena_calloc(&r->arena, (size_t)n, sizeof **numbers);
	if (*numbers == NULL)
		return -1;
	for (int64_t i = 0; i < n; i++)
		(*numbers)[i] = (uint32_t)rgb[3 * i] | (uint32_t)rgb[3 * i + 1] << 8 | (uint32_t)rgb[3 * i + 2] << 16;
	return 0;
}

int label_map_objects(uint32_t **numbers, const struct label_map *map, int64_t n, struct dataset_record *r)
{
	struct tensor labels;
	*numbers = NULL;
	if (png_decode_labels(&labels, &map->info, map->data, map->size, &r->arena) != 0)
		return reject_record(r, map, err_get());
	const uint8_t *label = labels.data;
	uint32_t *out = arena_calloc(&r->arena, (size_t)tensor_count(&labels), sizeof *out);
	if (out == NULL)
		return -1;
	for (int64_t i = 0; i < tensor_count(&labels); i++) {
		out[i] = label[i];
		if (label[i] <= n || label[i] == LABEL_MAP_VOID)
			continue;
		char text[128];
		snprintf(text, sizeof text, "pixel %lld,%lld is of object %d, the annotation has %lld", (long long)(i % labels.dim[1]),
			 (long long)(i / labels.dim[1]), label[i], (long long)n);
		return reject_record(r, map, text);
	}
	*numbers = out;
	return 0;
}

static int64_t find(const uint32_t *number, int64_t n, uint32_t wanted)
{
	int64_t lo = 0, hi = n;
	while (lo < hi) {
		int64_t middle = (lo + hi) / 2;
		if (number[middle] < wanted)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < n && number[lo] == wanted ? lo : -1;
}

/*
 * One pass down the columns. runs NULL: only out[].n is counted; otherwise runs are filled, with end[] where each one's
 * last run ended.
 */
static void scan(struct rle *out, uint32_t *end, const uint32_t *number, int64_t n, const uint32_t *numbers, int h, int w)
{
	uint32_t at = 0, start = 0;
	int64_t current = -1;
	for (int x = 0; x < w; x++)
		for (int y = 0; y < h; y++, at++) {
			uint32_t value = numbers[(int64_t)y * w + x];
			if (at > 0 && value == numbers[y > 0 ? (int64_t)(y - 1) * w + x : (int64_t)(h - 1) * w + x - 1])
				continue;
			if (current >= 0 && end != NULL) {
				out[current].runs[out[current].n - 1] = at - start;
				end[current] = at;
			}
			current = find(number, n, value);
			start = at;
			if (current < 0)
				continue;
			if (end != NULL)
				out[current].runs[out[current].n] = at - end[current];
			out[current].n += 2;
		}
	if (current >= 0 && end != NULL) {
		out[current].runs[out[current].n - 1] = at - start;
		end[current] = at;
	}
}

int label_map_runs(struct rle *out, const uint32_t *number, int64_t n, const uint32_t *numbers, int h, int w,
		   struct arena *a)
{
	uint32_t *end = arena_calloc(a, (size_t)n + 1, sizeof *end), pixels = (uint32_t)h * (uint32_t)w;
	if (end == NULL)
		return -1;
	for (int64_t i = 0; i < n; i++)
		out[i] = (struct rle){ .h = h, .w = w };
	scan(out, NULL, number, n, numbers, h, w);
	for (int64_t i = 0; i < n; i++) {
		out[i].runs = arena_calloc(a, (size_t)out[i].n + 1, sizeof *out[i].runs);
		if (out[i].runs == NULL)
			return -1;
		out[i].n = 0;
	}
	scan(out, end, number, n, numbers, h, w);
	for (int64_t i = 0; i < n; i++)
		if (end[i] < pixels)
			out[i].runs[out[i].n++] = pixels - end[i];
	return 0;
}
