/* Turn the image about its middle; counter-clockwise as one sees it when the value is positive. */
#include "augment/augment_op.h"

#include <math.h>
#include <string.h>

static const double DEGREES = 30, RADIANS = 0.017453292519943295;

static double rotate_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return level / AUGMENT_MAX_LEVEL * DEGREES;
}

static void rotate_matrix(double m[6], double value, double w, double h)
{
	double c = cos(value * RADIANS), s = sin(value * RADIANS);
	double x = w / 2, y = h / 2;
	memcpy(m, (const double[6]){ c, s, x - c * x - s * y, -s, c, y + s * x - c * y }, 6 * sizeof *m);
}

const struct augment_op augment_op_rotate = {
	.name = "rotate", .sort = AUGMENT_GEOMETRY, .either_way = true, .value = rotate_value, .matrix = rotate_matrix,
};
