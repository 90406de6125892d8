/* Paint a square grey whose middle is anywhere in the image; the value is half of its side. */
#include "augment/augment_op.h"

static double cutout_value(double level, const struct augment_scale *scale)
{
	return (int)(level / AUGMENT_MAX_LEVEL * scale->cutout);
}

const struct augment_op augment_op_cutout = {
	.name = "cutout", .sort = AUGMENT_CUTOUT, .value = cutout_value,
};
