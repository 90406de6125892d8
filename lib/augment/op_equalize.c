/* Spread what values there are: flat histograms (equalize), or the darkest to 0 and the brightest to 255 (autocontrast). */
#include "augment/augment_op.h"

/* In whole numbers as Pillow does. */
static void equalize_table(uint8_t table[256], const uint32_t count[256])
{
	uint64_t total = 0, last = 0, sum;
	for (int v = 0; v < 256; v++) {
		total += count[v];
		last = count[v] > 0 ? count[v] : last;
	}
	uint64_t step = (total - last) / 255;
	sum = step / 2;
	for (int v = 0; v < 256; v++) {
		uint64_t to = step > 0 ? sum / step : (uint64_t)v;
		table[v] = (uint8_t)(to > 255 ? 255 : to);
		sum += count[v];
	}
}

static void equalize_change(struct image_change *change, double value, enum augment_quirks quirks,
			    const struct image_stats *stats)
{
	(void)value;
	(void)quirks;
	for (int c = 0; c < 3; c++)
		equalize_table(change->table[c], stats->count[c]);
}

/* Pillow computes in double precision, TensorFlow in single. */
static void stretch_table(uint8_t table[256], const uint32_t count[256], enum augment_quirks quirks)
{
	int low = 0, high = 255;
	while (low < 255 && count[low] == 0)
		low++;
	while (high > 0 && count[high] == 0)
		high--;
	for (int v = 0; v < 256; v++) {
		double scale = 255.0 / (high - low), to = v * scale - low * scale;
		float scale_f = 255.0f / (float)(high - low), to_f = (float)v * scale_f + -(float)low * scale_f;
		if (quirks == AUGMENT_TPU)
			to = (double)to_f;
		table[v] = (uint8_t)(high <= low ? v : to < 0 ? 0 : to > 255 ? 255 : to);
	}
}

static void autocontrast_change(struct image_change *change, double value, enum augment_quirks quirks,
				const struct image_stats *stats)
{
	(void)value;
	for (int c = 0; c < 3; c++)
		stretch_table(change->table[c], stats->count[c], quirks);
}

const struct augment_op augment_op_equalize = {
	.name = "equalize", .sort = AUGMENT_POINT, .plain = true, .change = equalize_change, .needs = AUGMENT_NEEDS_COUNTS,
};
const struct augment_op augment_op_equalize_boxes = {
	.name = "equalize-boxes", .sort = AUGMENT_POINT, .where = AUGMENT_EACH_BOX, .plain = true,
	.change = equalize_change, .needs = AUGMENT_NEEDS_COUNTS,
};
const struct augment_op augment_op_autocontrast = {
	.name = "autocontrast", .sort = AUGMENT_POINT, .plain = true, .change = autocontrast_change,
	.needs = AUGMENT_NEEDS_COUNTS,
};
