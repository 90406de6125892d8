/* Move the image by value pixels to the left (up), as published; a negative value moves it the other way. */
#include "augment/augment_op.h"

#include <string.h>

static double translate_value(double level, const struct augment_scale *scale)
{
	return level / AUGMENT_MAX_LEVEL * scale->translate;
}

static double translate_boxes_value(double level, const struct augment_scale *scale)
{
	return level / AUGMENT_MAX_LEVEL * scale->translate_boxes;
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

static void translate_x_tpu_reads(float t[6], float value, int w, int h)
{
	(void)w;
	(void)h;
	memcpy(t, (const float[6]){ 1, 0, value, 0, 1, 0 }, 6 * sizeof *t);
}

static void translate_y_tpu_reads(float t[6], float value, int w, int h)
{
	(void)w;
	(void)h;
	memcpy(t, (const float[6]){ 1, 0, 0, 0, 1, value }, 6 * sizeof *t);
}

/* All corners in whole pixels; one axis (0: y, 1: x) moves by whole pixels, its low side not below 0, its high one not above. */
static void tpu_box(float box[4], float value, int w, int h, int axis)
{
	const int size[2] = { h, w };
	int corner[4], pixels = (int)value;
	for (int i = 0; i < 4; i++)
		corner[i] = (int)((float)size[i % 2] * box[i]);
	int low = corner[axis] - pixels, high = corner[axis + 2] - pixels;
	corner[axis] = low < 0 ? 0 : low;
	corner[axis + 2] = high > size[axis] ? size[axis] : high;
	for (int i = 0; i < 4; i++)
		box[i] = (float)corner[i] / (float)size[i % 2];
}

static void translate_x_tpu_box(float box[4], float value, int w, int h)
{
	tpu_box(box, value, w, h, 1);
}

static void translate_y_tpu_box(float box[4], float value, int w, int h)
{
	tpu_box(box, value, w, h, 0);
}

const struct augment_op augment_op_translate_x = {
	.name = "translate-x", .sort = AUGMENT_GEOMETRY, .either_way = true, .value = translate_value,
	.matrix = translate_x_matrix, .tpu_reads = translate_x_tpu_reads, .tpu_box = translate_x_tpu_box,
};
const struct augment_op augment_op_translate_y = {
	.name = "translate-y", .sort = AUGMENT_GEOMETRY, .either_way = true, .value = translate_value,
	.matrix = translate_y_matrix, .tpu_reads = translate_y_tpu_reads, .tpu_box = translate_y_tpu_box,
};
const struct augment_op augment_op_translate_x_boxes = {
	.name = "translate-x-boxes", .sort = AUGMENT_GEOMETRY, .where = AUGMENT_EACH_BOX, .either_way = true,
	.value = translate_boxes_value, .matrix = translate_x_matrix, .tpu_reads = translate_x_tpu_reads,
};
const struct augment_op augment_op_translate_y_boxes = {
	.name = "translate-y-boxes", .sort = AUGMENT_GEOMETRY, .where = AUGMENT_EACH_BOX, .either_way = true,
	.value = translate_boxes_value, .matrix = translate_y_matrix, .tpu_reads = translate_y_tpu_reads,
};
