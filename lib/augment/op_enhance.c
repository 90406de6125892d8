/*
 * From a degenerate image towards this one and beyond it: 0 is the degenerate one, 1 the image itself. It is grey
 * (color), grey of one value (contrast), black (brightness) or smoothed (sharpness). Pillow's ImageEnhance.
 *
 * Contrast as published takes not the image's mean for its grey but its number of pixels divided by 256, so 255
 * for anything from 65,280 pixels on.
 */
#include "augment/augment_op.h"

#include <math.h>

static double enhance_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return 0.1 + level / AUGMENT_MAX_LEVEL * 1.8;
}

static void color_change(struct image_change *change, double value, enum augment_quirks quirks,
			 const struct image_stats *stats)
{
	(void)stats;
	change->kind = IMAGE_SATURATE;
	change->factor = (float)value;
	change->tensorflow = quirks == AUGMENT_TPU;
}

static void sharpness_change(struct image_change *change, double value, enum augment_quirks quirks,
			     const struct image_stats *stats)
{
	(void)stats;
	change->kind = IMAGE_SHARPEN;
	change->factor = (float)value;
	change->tensorflow = quirks == AUGMENT_TPU;
}

static void from_grey(struct image_change *change, int grey, double value)
{
	for (int c = 0; c < 3; c++)
		for (int v = 0; v < 256; v++)
			change->table[c][v] = image_blend(grey, v, (float)value);
}

static void brightness_change(struct image_change *change, double value, enum augment_quirks quirks,
			      const struct image_stats *stats)
{
	(void)quirks;
	(void)stats;
	from_grey(change, 0, value);
}

static void contrast_change(struct image_change *change, double value, enum augment_quirks quirks,
			    const struct image_stats *stats)
{
	double grey = quirks == AUGMENT_TPU ? (double)stats->pixels / 256 : stats->luma + 0.5;
	from_grey(change, (int)fmin(grey, 255), value);
}

const struct augment_op augment_op_color = {
	.name = "color", .sort = AUGMENT_POINT, .value = enhance_value, .change = color_change,
};
const struct augment_op augment_op_sharpness = {
	.name = "sharpness", .sort = AUGMENT_POINT, .value = enhance_value, .change = sharpness_change,
	.looks_around = true,
};
const struct augment_op augment_op_brightness = {
	.name = "brightness", .sort = AUGMENT_POINT, .value = enhance_value, .change = brightness_change,
};
const struct augment_op augment_op_contrast = {
	.name = "contrast", .sort = AUGMENT_POINT, .value = enhance_value, .change = contrast_change,
	.needs = AUGMENT_NEEDS_LUMA,
};
