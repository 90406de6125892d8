#include "image/point_kinds.h"

#include "base/isa.h"

#include <string.h>

ISA_DECLARE(void, saturate_row, (uint8_t *rgb, float factor, int n))
ISA_DECLARE(void, saturate_row_tf, (uint8_t *rgb, float factor, int n))
ISA_DECLARE(void, sharpen_row, (uint8_t *out, const uint8_t *above, const uint8_t *here, const uint8_t *below,
				float factor, int rounding, int n))

struct image_region image_region_of(const struct tensor *pixels)
{
	return (struct image_region){
		.rgb = pixels->data, .stride = (size_t)pixels->dim[1] * 3,
		.w = (int)pixels->dim[1], .h = (int)pixels->dim[0],
	};
}

uint8_t image_blend(int a, int b, float factor)
{
	float value = (float)a + factor * (float)(b - a);
	return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
}

int image_luma(const uint8_t rgb[3])
{
	return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;
}

static void table_row(uint8_t *rgb, const uint8_t table[3][256], int n)
{
	for (int i = 0; i < n; i++, rgb += 3) {
		rgb[0] = table[0][rgb[0]];
		rgb[1] = table[1][rgb[1]];
		rgb[2] = table[2][rgb[2]];
	}
}

/* Two rows are kept as they were before they were changed. */
static int sharpen(const struct image_change *change, const struct image_region *image, struct arena *a)
{
	size_t size = (size_t)image->w * 3;
	if (image->w < 3 || image->h < 3)
		return 0;
	uint8_t *above = arena_alloc(a, size), *here = arena_alloc(a, size);
	if (above == NULL || here == NULL)
		return -1;
	memcpy(above, image->rgb, size);
	for (int y = 1; y < image->h - 1; y++) {
		uint8_t *row = image->rgb + (size_t)y * image->stride, *swap = above;
		memcpy(here, row, size);
		ISA_PICK(sharpen_row)(row + 3, above, here, row + image->stride, change->factor,
				      change->tensorflow ? 0 : 6, (image->w - 2) * 3);
		above = here;
		here = swap;
	}
	return 0;
}

int image_change_apply(const struct image_change *change, const struct image_region *image, struct arena *a)
{
	if (change->kind == IMAGE_SHARPEN)
		return sharpen(change, image, a);
	if (change->kind == IMAGE_BLUR)
		return change->factor > 0 ? image_blur(image, (double)change->factor, image->h / 10 / 2, a) : 0;
	for (int y = 0; y < image->h; y++) {
		uint8_t *row = image->rgb + (size_t)y * image->stride;
		if (change->kind == IMAGE_TABLE)
			table_row(row, change->table, image->w);
		else if (change->kind == IMAGE_HUE)
			image_turn_hue(row, change->factor, image->w);
		else if (change->tensorflow)
			ISA_PICK(saturate_row_tf)(row, change->factor, image->w);
		else
			ISA_PICK(saturate_row)(row, change->factor, image->w);
	}
	return 0;
}

void image_change_join(struct image_change *out, const struct image_change *first, const struct image_change *then)
{
	for (int c = 0; c < 3; c++)
		for (int v = 0; v < 256; v++)
			out->table[c][v] = then->table[c][first->table[c][v]];
}

void image_histogram(uint32_t count[3][256], const struct image_region *image, const uint8_t table[3][256])
{
	uint32_t raw[3][256];
	memset(raw, 0, sizeof raw);
	for (int y = 0; y < image->h; y++) {
		const uint8_t *rgb = image->rgb + (size_t)y * image->stride;
		for (int x = 0; x < image->w; x++, rgb += 3)
			for (int c = 0; c < 3; c++)
				raw[c][rgb[c]]++;
	}
	memset(count, 0, sizeof raw);
	for (int c = 0; c < 3; c++)
		for (int v = 0; v < 256; v++)
			count[c][table != NULL ? table[c][v] : v] += raw[c][v];
}

double image_mean_luma(const struct image_region *image, const uint8_t table[3][256])
{
	uint64_t sum = 0;
	for (int y = 0; y < image->h; y++) {
		const uint8_t *rgb = image->rgb + (size_t)y * image->stride;
		for (int x = 0; x < image->w; x++, rgb += 3) {
			const uint8_t now[3] = { table ? table[0][rgb[0]] : rgb[0], table ? table[1][rgb[1]] : rgb[1],
						 table ? table[2][rgb[2]] : rgb[2] };
			sum += (uint64_t)image_luma(now);
		}
	}
	return (double)sum / ((double)image->w * image->h);
}
