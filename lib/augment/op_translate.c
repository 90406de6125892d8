/* Move the image by value pixels to the left (up), as published; a negative value moves it the other way. */
#include "augment/augment_op.h"

#include <string.h>

static double translate_value(double level, const struct augment_scale *scale)
{
	return level / AUGMENT_MAX_LEVEL * scale->translate;
}

static void translate_x_matrix(double m[6], double value, double w, double h)
{
	(void)w;
	(void)h;
	memcpy(m, (const double[6]){ 1, 0, -value, 0, 1, 0 }, 6 * sizeof *m);
}

static void translate_y_matrix(double m[6], double value, double w, double h)
{
	(void)w;
	(void)h;
	memcpy(m, (const double[6]){ 1, 0, 0, 0, 1, -value }, 6 * sizeof *m);
}

const struct augment_op augment_op_translate_x = {
	.name = "translate-x", .sort = AUGMENT_GEOMETRY, .either_way = true, .value = translate_value,
	.matrix = translate_x_matrix,
};
const struct augment_op augment_op_translate_y = {
	.name = "translate-y", .sort = AUGMENT_GEOMETRY, .either_way = true, .value = translate_value,
	.matrix = translate_y_matrix,
};
