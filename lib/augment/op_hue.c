/* Turn all hues by up to 0.2 of the circle. Source: the colour distortion of SimCLR, arXiv 2002.05709, appendix A. */
#include "augment/augment_op.h"

static double hue_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return level / AUGMENT_MAX_LEVEL * 0.2;
}

static void hue_change(struct image_change *change, double value, enum augment_quirks quirks, const struct image_stats *stats)
{
	(void)quirks;
	(void)stats;
	change->kind = IMAGE_HUE;
	change->factor = (float)value;
}

const struct augment_op augment_op_hue = {
	.name = "hue", .sort = AUGMENT_POINT, .either_way = true, .value = hue_value, .change = hue_change,
};
