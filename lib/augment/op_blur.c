/* Gaussian blur by a kernel as high as a tenth of the image. Source: SimCLR, arXiv 2002.05709, appendix A, and its code. */
#include "augment/augment_op.h"

static double blur_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return level / AUGMENT_MAX_LEVEL * 2;
}

static void blur_change(struct image_change *change, double value, enum augment_quirks quirks, const struct image_stats *stats)
{
	(void)quirks;
	(void)stats;
	change->kind = IMAGE_BLUR;
	change->factor = (float)value;
}

const struct augment_op augment_op_blur = {
	.name = "blur", .sort = AUGMENT_POINT, .value = blur_value, .change = blur_change, .looks_around = true,
};
