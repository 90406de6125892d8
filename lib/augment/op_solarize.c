/*
 * Tables without any arithmetic on the image: turn round values from the threshold on (solarize) or all
 * (invert), make dark values lighter (solarize-add), keep the high bits (posterize).
 *
 * At magnitude 10 solarize's threshold is 256. No value reaches that, so nothing changes; as published the number
 * does not fit its 8 bits and is taken for 0, and everything is turned round. Posterize keeps at least
 * one bit: shifts by 8 are shifts by 7 in TensorFlow.
 */
#include "augment/augment_op.h"

enum { DARK_BELOW = 128 };

static double solarize_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return (int)(level / AUGMENT_MAX_LEVEL * 256);
}

static double solarize_add_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return (int)(level / AUGMENT_MAX_LEVEL * 110);
}

static double posterize_value(double level, const struct augment_scale *scale)
{
	(void)scale;
	return (int)(level / AUGMENT_MAX_LEVEL * 4);
}

static void solarize_change(struct image_change *change, double value, enum augment_quirks quirks,
			    const struct image_stats *stats)
{
	int threshold = quirks == AUGMENT_TPU ? (int)value & 255 : (int)value;
	(void)stats;
	for (int c = 0; c < 3; c++)
		for (int v = 0; v < 256; v++)
			change->table[c][v] = (uint8_t)(v < threshold ? v : 255 - v);
}

static void solarize_add_change(struct image_change *change, double value, enum augment_quirks quirks,
				const struct image_stats *stats)
{
	(void)quirks;
	(void)stats;
	for (int c = 0; c < 3; c++)
		for (int v = 0; v < 256; v++) {
			int sum = v + (int)value;
			change->table[c][v] = (uint8_t)(v >= DARK_BELOW ? v : sum < 0 ? 0 : sum > 255 ? 255 : sum);
		}
}

static void invert_change(struct image_change *change, double value, enum augment_quirks quirks,
			  const struct image_stats *stats)
{
	(void)value;
	(void)quirks;
	(void)stats;
	for (int c = 0; c < 3; c++)
		for (int v = 0; v < 256; v++)
			change->table[c][v] = (uint8_t)(255 - v);
}

static void posterize_change(struct image_change *change, double value, enum augment_quirks quirks,
			     const struct image_stats *stats)
{
	int shift = value < 1 ? 7 : value > 8 ? 0 : 8 - (int)value;
	(void)quirks;
	(void)stats;
	for (int c = 0; c < 3; c++)
		for (int v = 0; v < 256; v++)
			change->table[c][v] = (uint8_t)(v >> shift << shift);
}

const struct augment_op augment_op_solarize = {
	.name = "solarize", .sort = AUGMENT_POINT, .value = solarize_value, .change = solarize_change,
};
const struct augment_op augment_op_solarize_boxes = {
	.name = "solarize-boxes", .sort = AUGMENT_POINT, .where = AUGMENT_EACH_BOX, .value = solarize_value,
	.change = solarize_change,
};
const struct augment_op augment_op_solarize_add = {
	.name = "solarize-add", .sort = AUGMENT_POINT, .value = solarize_add_value, .change = solarize_add_change,
};
const struct augment_op augment_op_invert = {
	.name = "invert", .sort = AUGMENT_POINT, .plain = true, .change = invert_change,
};
const struct augment_op augment_op_posterize = {
	.name = "posterize", .sort = AUGMENT_POINT, .value = posterize_value, .change = posterize_change,
};
