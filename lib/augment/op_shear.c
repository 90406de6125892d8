/* Shear with the top left corner fixed; the value is how many pixels a row (column) moves against the one before. */
#include "augment/augment_op.h"

#include <string.h>

static const double SHEAR = 0.3;

static double shear_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return level / AUGMENT_MAX_LEVEL * SHEAR;
}

static void shear_x_matrix(double m[6], double value, double w, double h)
{
	(void)w;
	(void)h;
	memcpy(m, (const double[6]){ 1, -value, 0, 0, 1, 0 }, 6 * sizeof *m);
}

static void shear_y_matrix(double m[6], double value, double w, double h)
{
	(void)w;
	(void)h;
	memcpy(m, (const double[6]){ 1, 0, 0, -value, 1, 0 }, 6 * sizeof *m);
}

const struct augment_op augment_op_shear_x = {
	.name = "shear-x", .sort = AUGMENT_GEOMETRY, .either_way = true, .value = shear_value, .matrix = shear_x_matrix,
};
const struct augment_op augment_op_shear_y = {
	.name = "shear-y", .sort = AUGMENT_GEOMETRY, .either_way = true, .value = shear_value, .matrix = shear_y_matrix,
};
