/*
 * Label maps: any PNG gives classes, numbers, a reject or an error, and the masks of segments are those that counting
 * pixel by pixel gives. The first byte says whether the rest is a PNG file, whose checksums are made right, or height,
 * width and the pixels of a map.
 */
#include "fuzz.h"

#include "coco/label_map.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MAX_SIDE = 64, SEGMENTS = 8, SIGNATURE = 8 };

static uint32_t big32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void repair(uint8_t *data, size_t size)
{
	for (size_t at = SIGNATURE; at + 12 <= size;) {
		size_t length = big32(data + at);
		if (length > size - at - 12)
			return;
		uint32_t sum = (uint32_t)crc32(0, data + at + 4, (uInt)length + 4);
		for (int i = 0; i < 4; i++)
			data[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
		at += 12 + length;
	}
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* The masks of some of the numbers there are, and of one that may not be there. */
static void check_runs(const uint32_t *numbers, int h, int w, struct arena *a)
{
	uint32_t wanted[SEGMENTS] = { 77 };
	struct rle rle[SEGMENTS];
	int64_t n = 1, pixels = (int64_t)h * w;
	for (int64_t i = 0; i < pixels && n < SEGMENTS; i += 1 + i / 3) {
		bool known = false;
		for (int64_t k = 0; k < n; k++)
			known |= wanted[k] == numbers[i];
		if (!known)
			wanted[n++] = numbers[i];
	}
	qsort(wanted, (size_t)n, sizeof *wanted, compare);
	if (label_map_runs(rle, wanted, n, numbers, h, w, a) != 0)
		abort();
	for (int64_t s = 0; s < n; s++) {
		int64_t at = 0;
		for (int64_t i = 0; i < rle[s].n; i++)
			for (uint32_t k = 0; k < rle[s].runs[i]; k++, at++)
				if (at >= pixels || (numbers[at % h * w + at / h] == wanted[s]) != (i % 2 == 1))
					abort();
		if (at != pixels)
			abort();
	}
}

static void check_png(uint8_t *data, size_t size, struct arena *a)
{
	struct label_map map;
	struct dataset_record r = { .arena = *a };
	int16_t class_of[256];
	uint32_t *numbers = NULL;
	for (int i = 0; i < 256; i++)
		class_of[i] = (int16_t)(i < 200 ? i / 2 : i == 255 ? 255 : -1);
	repair(data, size);
	if (label_map_open_bytes(&map, "fuzz", data, size, &r.arena) != 0)
		abort();
	r.sample.orig_w = map.info.w;
	r.sample.orig_h = map.info.h;
	if (map.info.w <= MAX_SIDE && map.info.h <= MAX_SIDE && label_map_usable(&map, &r)) {
		if (label_map_classes(&r.sample.semantic, &map, class_of, &r) != 0 ||
		    (r.reject == NULL) != (r.sample.semantic.data != NULL))
			abort();
		r.reject = NULL;
		if (label_map_numbers(&numbers, &map, &r) != 0 || (r.reject == NULL) != (numbers != NULL))
			abort();
		if (numbers != NULL)
			check_runs(numbers, map.info.h, map.info.w, &r.arena);
	}
	*a = r.arena;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	if (size < 4 || size > 1 << 15)
		return 0;
	arena_init(&arena, 1 << 16);
	int h = data[1] % MAX_SIDE + 1, w = data[2] % MAX_SIDE + 1;
	if (data[0] % 2 == 0) {
		uint8_t *copy = (uint8_t *)arena_strndup(&arena, (const char *)data + 1, size - 1);
		if (copy == NULL)
			abort();
		check_png(copy, size - 1, &arena);
	} else {
		uint32_t *numbers = arena_calloc(&arena, (size_t)h * (size_t)w, sizeof *numbers);
		if (numbers == NULL)
			abort();
		for (int64_t i = 0; i < (int64_t)h * w; i++)
			numbers[i] = data[3 + (size_t)i % (size - 3)];
		check_runs(numbers, h, w, &arena);
	}
	arena_release(&arena);
	return 0;
}
