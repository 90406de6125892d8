#include "image/point.h"

#include "base/isa.h"

#include <string.h>

ISA_DECLARE(void, saturate_row, (uint8_t *rgb, float factor, int n))

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

int image_change_apply(const struct image_change *change, const struct image_region *image, struct arena *a)
{
	(void)a;
	for (int y = 0; y < image->h; y++) {
		uint8_t *row = image->rgb + (size_t)y * image->stride;
		if (change->kind == IMAGE_TABLE)
			table_row(row, change->table, image->w);
		else
			ISA_PICK(saturate_row)(row, change->factor, image->w);
	}
	return 0;
}

void image_histogram(uint32_t count[3][256], const struct image_region *image)
{
	memset(count, 0, 3 * sizeof *count);
	for (int y = 0; y < image->h; y++) {
		const uint8_t *rgb = image->rgb + (size_t)y * image->stride;
		for (int x = 0; x < image->w; x++, rgb += 3)
			for (int c = 0; c < 3; c++)
				count[c][rgb[c]]++;
	}
}
