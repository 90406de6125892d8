/* Turn the image about its middle; counter-clockwise as one sees it when the value, in degrees, is positive. */
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

static void tpu_cos_sin(float *c, float *s, float degrees)
{
	float radians = degrees * (float)RADIANS;
	*c = (float)cos((double)radians);
	*s = (float)sin((double)radians);
}

static void rotate_tpu_reads(float t[6], float value, int w, int h)
{
	float c, s, right = (float)(w - 1), bottom = (float)(h - 1);
	tpu_cos_sin(&c, &s, value);
	float x = (right - (c * right - s * bottom)) / 2, y = (bottom - (s * right + c * bottom)) / 2;
	memcpy(t, (const float[6]){ c, -s, x, s, c, y }, 6 * sizeof *t);
}

/* The corners in whole pixels from the middle, y upwards; turned, and cut to whole pixels again. */
static void rotate_tpu_box(float box[4], float value, int w, int h)
{
	float c, s, height = (float)h, width = (float)w;
	const float y[2] = { (float)-(int)(height * (box[0] - 0.5f)), (float)-(int)(height * (box[2] - 0.5f)) };
	const float x[2] = { (float)(int)(width * (box[1] - 0.5f)), (float)(int)(width * (box[3] - 0.5f)) };
	int low[2] = { INT32_MAX, INT32_MAX }, high[2] = { INT32_MIN, INT32_MIN };
	tpu_cos_sin(&c, &s, value);
	for (int i = 0; i < 4; i++) {
		const int to[2] = { (int)(c * y[i / 2] + s * x[i % 2]), (int)(-s * y[i / 2] + c * x[i % 2]) };
		for (int k = 0; k < 2; k++) {
			low[k] = to[k] < low[k] ? to[k] : low[k];
			high[k] = to[k] > high[k] ? to[k] : high[k];
		}
	}
	box[0] = -((float)high[0] / height - 0.5f);
	box[1] = (float)low[1] / width + 0.5f;
	box[2] = -((float)low[0] / height - 0.5f);
	box[3] = (float)high[1] / width + 0.5f;
}

const struct augment_op augment_op_rotate = {
	.name = "rotate", .sort = AUGMENT_GEOMETRY, .either_way = true, .value = rotate_value, .matrix = rotate_matrix,
	.tpu_reads = rotate_tpu_reads, .tpu_box = rotate_tpu_box,
};
const struct augment_op augment_op_rotate_boxes = {
	.name = "rotate-boxes", .sort = AUGMENT_GEOMETRY, .where = AUGMENT_EACH_BOX, .either_way = true,
	.value = rotate_value, .matrix = rotate_matrix, .tpu_reads = rotate_tpu_reads,
};
