/* Shear with the top left corner fixed; the value is how many pixels a row (column) moves against the one before. */
#include "augment/augment_op.h"

#include <math.h>
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

static void shear_x_tpu_reads(float t[6], float value, int w, int h)
{
	(void)w;
	(void)h;
	memcpy(t, (const float[6]){ 1, value, 0, 0, 1, 0 }, 6 * sizeof *t);
}

static void shear_y_tpu_reads(float t[6], float value, int w, int h)
{
	(void)w;
	(void)h;
	memcpy(t, (const float[6]){ 1, 0, 0, value, 1, 0 }, 6 * sizeof *t);
}

/* Corners in whole pixels; axis 0 (y) or 1 (x) moves by the other, and is cut to whole pixels again. */
static void tpu_box(float box[4], float value, int w, int h, int axis)
{
	const float size[2] = { (float)h, (float)w };
	float corner[4];
	int low = INT32_MAX, high = INT32_MIN, other = 1 - axis;
	for (int i = 0; i < 4; i++)
		corner[i] = (float)(int)(size[i % 2] * box[i]);
	for (int i = 0; i < 4; i++) {
		int to = (int)(corner[axis + 2 * (i / 2)] - value * corner[other + 2 * (i % 2)]);
		low = to < low ? to : low;
		high = to > high ? to : high;
	}
	box[axis] = (float)low / size[axis];
	box[axis + 2] = (float)high / size[axis];
	box[other] = fminf(corner[other], corner[other + 2]) / size[other];
	box[other + 2] = fmaxf(corner[other], corner[other + 2]) / size[other];
}

static void shear_x_tpu_box(float box[4], float value, int w, int h)
{
	tpu_box(box, value, w, h, 1);
}

static void shear_y_tpu_box(float box[4], float value, int w, int h)
{
	tpu_box(box, value, w, h, 0);
}

const struct augment_op augment_op_shear_x = {
	.name = "shear-x", .sort = AUGMENT_GEOMETRY, .either_way = true, .value = shear_value, .matrix = shear_x_matrix,
	.tpu_reads = shear_x_tpu_reads, .tpu_box = shear_x_tpu_box,
};
const struct augment_op augment_op_shear_y = {
	.name = "shear-y", .sort = AUGMENT_GEOMETRY, .either_way = true, .value = shear_value, .matrix = shear_y_matrix,
	.tpu_reads = shear_y_tpu_reads, .tpu_box = shear_y_tpu_box,
};
const struct augment_op augment_op_shear_x_boxes = {
	.name = "shear-x-boxes", .sort = AUGMENT_GEOMETRY, .where = AUGMENT_EACH_BOX, .either_way = true,
	.value = shear_value, .matrix = shear_x_matrix, .tpu_reads = shear_x_tpu_reads,
};
const struct augment_op augment_op_shear_y_boxes = {
	.name = "shear-y-boxes", .sort = AUGMENT_GEOMETRY, .where = AUGMENT_EACH_BOX, .either_way = true,
	.value = shear_value, .matrix = shear_y_matrix, .tpu_reads = shear_y_tpu_reads,
};
