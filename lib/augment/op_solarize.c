/* Turn round what is bright: values from the threshold on (solarize), or make dark values lighter (solarize-add). */
#include "augment/augment_op.h"

enum { DARK_BELOW = 128 };

static double solarize_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return (int)(level / AUGMENT_MAX_LEVEL * 256);
}

static double solarize_add_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return (int)(level / AUGMENT_MAX_LEVEL * 110);
}

static int solarize_change(struct image_change *change, double value, const struct image_region *image)
{
	(void)image;
	change->kind = IMAGE_TABLE;
	for (int c = 0; c < 3; c++)
		for (int v = 0; v < 256; v++)
			change->table[c][v] = (uint8_t)(v < value ? v : 255 - v);
	return 0;
}

static int solarize_add_change(struct image_change *change, double value, const struct image_region *image)
{
	(void)image;
	change->kind = IMAGE_TABLE;
	for (int c = 0; c < 3; c++)
		for (int v = 0; v < 256; v++) {
			int sum = v + (int)value;
			change->table[c][v] = (uint8_t)(v >= DARK_BELOW ? v : sum < 0 ? 0 : sum > 255 ? 255 : sum);
		}
	return 0;
}

const struct augment_op augment_op_solarize = {
	.name = "solarize", .sort = AUGMENT_POINT, .value = solarize_value, .change = solarize_change,
};
const struct augment_op augment_op_solarize_add = {
	.name = "solarize-add", .sort = AUGMENT_POINT, .value = solarize_add_value, .change = solarize_add_change,
};
