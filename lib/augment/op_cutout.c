/*
 * Paint a rectangle grey: a square whose middle is anywhere in the image (cutout) or in a box and cut to it
 * (cutout-boxes), the value being half of its side; or in one box a rectangle that is the value times as large
 * as the box and has its middle in it (bbox-cutout).
 */
#include "augment/augment_op.h"

#include <math.h>

static double cutout_value(double level, const struct augment_scale *scale)
{
	return (int)(level / AUGMENT_MAX_LEVEL * scale->cutout);
}

static double cutout_boxes_value(double level, const struct augment_scale *scale)
{
	return (int)(level / AUGMENT_MAX_LEVEL * scale->cutout_boxes);
}

static double bbox_cutout_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return level / AUGMENT_MAX_LEVEL * 0.75;
}

/* Whole pixels where the frame has whole pixels. */
static void square(double rect[4], double value, const double frame[4], const double at[2])
{
	for (int i = 0; i < 2; i++) {
		double middle = frame[i] + floor(at[i] * (frame[i + 2] - frame[i]));
		rect[i] = middle - value;
		rect[i + 2] = middle + value;
	}
}

static void part_of_box(double rect[4], double value, const double frame[4], const double at[2])
{
	for (int i = 0; i < 2; i++) {
		double side = frame[i + 2] - frame[i], middle = frame[i] + at[i] * side;
		rect[i] = middle - value * side / 2;
		rect[i + 2] = middle + value * side / 2;
	}
}

static void tpu_part_of_box(double rect[4], double value, const double frame[4], const double at[2])
{
	for (int i = 0; i < 2; i++) {
		double side = frame[i + 2] - frame[i], middle = frame[i] + floor(at[i] * side);
		double half = (int)((float)value * ((float)side / 2));
		rect[i] = middle - half;
		rect[i + 2] = middle + half;
	}
}

const struct augment_op augment_op_cutout = {
	.name = "cutout", .sort = AUGMENT_CUTOUT, .value = cutout_value, .rect = square, .tpu_rect = square,
};
const struct augment_op augment_op_cutout_boxes = {
	.name = "cutout-boxes", .sort = AUGMENT_CUTOUT, .where = AUGMENT_EACH_BOX, .value = cutout_boxes_value,
	.rect = square, .tpu_rect = square,
};
const struct augment_op augment_op_bbox_cutout = {
	.name = "bbox-cutout", .sort = AUGMENT_CUTOUT, .where = AUGMENT_ONE_BOX, .value = bbox_cutout_value,
	.rect = part_of_box, .tpu_rect = tpu_part_of_box, .may_leave = true,
};
