/* Label maps move with the image; a label is never mixed with its neighbour. */
#include "augment/augment.h"

#include <string.h>

enum { LABEL_VOID = 255 };

static int64_t clamp(double value, int64_t n)
{
	return value < 0 ? 0 : value >= (double)n ? n - 1 : (int64_t)value;
}

int augment_semantic(struct sample *out, const struct sample *in, const double m[6], struct arena *a)
{
	const struct tensor *from = &in->semantic;
	double determinant = m[0] * m[4] - m[1] * m[3];
	if (from->data == NULL)
		return 0;
	TRY(tensor_new(&out->semantic, a, DTYPE_U8, 2, out->pixels.dim));
	uint8_t *to = out->semantic.data;
	memset(to, LABEL_VOID, tensor_bytes(&out->semantic));
	for (int64_t y = 0; y < out->valid_h; y++)
		for (int64_t x = 0; x < out->valid_w; x++) {
			double u = (double)x + 0.5 - m[2], v = (double)y + 0.5 - m[5];
			int64_t column = clamp((m[4] * u - m[1] * v) / determinant, from->dim[1]);
			int64_t row = clamp((m[0] * v - m[3] * u) / determinant, from->dim[0]);
			to[y * out->pixels.dim[1] + x] = ((const uint8_t *)from->data)[row * from->dim[1] + column];
		}
	return 0;
}
