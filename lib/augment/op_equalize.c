/* Flatten each channel's histogram, in whole numbers as Pillow does. */
#include "augment/augment_op.h"

static void equalize_table(uint8_t table[256], const uint32_t count[256])
{
	uint64_t total = 0, last = 0, sum;
	for (int v = 0; v < 256; v++) {
		total += count[v];
		last = count[v] > 0 ? count[v] : last;
	}
	uint64_t step = (total - last) / 255;
	sum = step / 2;
	for (int v = 0; v < 256; v++) {
		uint64_t to = step > 0 ? sum / step : (uint64_t)v;
		table[v] = (uint8_t)(to > 255 ? 255 : to);
		sum += count[v];
	}
}

static int equalize_change(struct image_change *change, double value, const struct image_region *image)
{
	uint32_t count[3][256];
	(void)value;
	image_histogram(count, image);
	change->kind = IMAGE_TABLE;
	for (int c = 0; c < 3; c++)
		equalize_table(change->table[c], count[c]);
	return 0;
}

const struct augment_op augment_op_equalize = {
	.name = "equalize", .sort = AUGMENT_POINT, .value = augment_no_value, .change = equalize_change, .sees_all = true,
};
