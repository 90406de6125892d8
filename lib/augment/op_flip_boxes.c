/* Mirror what is inside of boxes left to right. */
#include "augment/augment_op.h"

#include <string.h>

static void flip_matrix(double m[6], double value, double w, double h)
{
	(void)value;
	(void)h;
	memcpy(m, (const double[6]){ -1, 0, w, 0, 1, 0 }, 6 * sizeof *m);
}

static void flip_tpu_reads(float t[6], float value, int w, int h)
{
	(void)value;
	(void)h;
	memcpy(t, (const float[6]){ -1, 0, (float)(w - 1), 0, 1, 0 }, 6 * sizeof *t);
}

const struct augment_op augment_op_flip_boxes = {
	.name = "flip-boxes", .sort = AUGMENT_GEOMETRY, .where = AUGMENT_EACH_BOX, .plain = true, .matrix = flip_matrix,
	.tpu_reads = flip_tpu_reads,
};
