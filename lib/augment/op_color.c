/* Saturation: 0 is grey, 1 the image itself, more is beyond it. */
#include "augment/augment_op.h"

static double color_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return 0.1 + level / AUGMENT_MAX_LEVEL * 1.8;
}

static int color_change(struct image_change *change, double value, const struct image_region *image)
{
	(void)image;
	change->kind = IMAGE_SATURATE;
	change->factor = (float)value;
	return 0;
}

const struct augment_op augment_op_color = {
	.name = "color", .sort = AUGMENT_POINT, .value = color_value, .change = color_change,
};
