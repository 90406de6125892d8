/* Label maps move with the image; a label is never mixed with its neighbour. */
#include "augment/objects.h"

#include "image/affine.h"

#include <math.h>
#include <string.h>

enum { LABEL_VOID = 255 };

/* The column and row that all pixels of a column, of a row come from; -1: none. */
static int64_t *source_indices(double scale, double offset, int64_t n, int64_t limit, struct arena *a)
{
	int64_t *index = arena_alloc(a, (size_t)n * sizeof *index + 1);
	if (index == NULL)
		return NULL;
	for (int64_t i = 0; i < n; i++) {
		double place = scale * ((double)i + 0.5) + offset;
		index[i] = place >= 0 && place < (double)limit ? (int64_t)place : -1;
	}
	return index;
}

static int move_upright(struct sample *out, const struct tensor *from, const double inverse[6], struct arena *a)
{
	int64_t w = out->pixels.dim[1];
	const int64_t *column = source_indices(inverse[0], inverse[2], out->valid_w, from->dim[1], a);
	const int64_t *row = source_indices(inverse[4], inverse[5], out->valid_h, from->dim[0], a);
	if (column == NULL || row == NULL)
		return -1;
	for (int64_t y = 0; y < out->valid_h; y++) {
		const uint8_t *source = (const uint8_t *)from->data + row[y] * from->dim[1];
		uint8_t *to = (uint8_t *)out->semantic.data + y * w;
		for (int64_t x = 0; x < out->valid_w && row[y] >= 0; x++)
			if (column[x] >= 0)
				to[x] = source[column[x]];
	}
	return 0;
}

static void move_turned(struct sample *out, const struct tensor *from, const double inverse[6], const struct convex *view)
{
	const double w = (double)from->dim[1], h = (double)from->dim[0];
	for (int64_t y = 0; y < out->valid_h; y++) {
		uint8_t *to = (uint8_t *)out->semantic.data + y * out->pixels.dim[1];
		double low = -INFINITY, high = INFINITY;
		if (view != NULL)
			convex_span(&low, &high, view, false, (double)y + 0.5);
		for (int64_t x = 0; x < out->valid_w; x++) {
			double u = (double)x + 0.5, v = (double)y + 0.5;
			bool seen = u >= low && u <= high;
			affine_point(inverse, &u, &v);
			if (seen && u >= 0 && v >= 0 && u < w && v < h)
				to[x] = ((const uint8_t *)from->data)[(int64_t)v * from->dim[1] + (int64_t)u];
		}
	}
}

int augment_semantic(struct sample *out, const struct sample *in, const double m[6], const struct convex *view,
		     struct arena *a)
{
	const struct tensor *from = &in->semantic;
	double inverse[6];
	if (from->data == NULL)
		return 0;
	TRY(objects_check_frame(in, "label map", from->dim[1], from->dim[0]));
	if (!affine_invert(inverse, m))
		return err_set("a label map cannot be moved by a map that has no inverse");
	TRY(tensor_new(&out->semantic, a, DTYPE_U8, 2, out->pixels.dim));
	memset(out->semantic.data, LABEL_VOID, tensor_bytes(&out->semantic));
	if (inverse[1] == 0 && inverse[3] == 0 && view == NULL)
		return move_upright(out, from, inverse, a);
	move_turned(out, from, inverse, view);
	return 0;
}
