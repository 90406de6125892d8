#include "image/resize.h"

#include "base/isa.h"

#include <math.h>
#include <string.h>

ISA_DECLARE(void, resize_columns, (int16_t *out, const uint8_t *source, size_t stride, const int16_t *weight, int taps,
				   int n))
ISA_DECLARE(void, resize_row, (uint8_t *out, const int16_t *row, const int32_t *at, const int32_t *weight, int pairs,
			       int n))

/*
 * Weights of one output pixel at `centre`, for source pixels from..from+n: a triangle of that radius.
 * Running sums are rounded, not the weights, so that the total is exact for any n. height: room for n numbers.
 */
static void triangle(int16_t *weight, double *height, double centre, double radius, int from, int n)
{
	double sum = 0, running = 0;
	int given = 0;
	for (int i = 0; i < n; i++) {
		double inside = 1 - fabs(from + i + 0.5 - centre) / radius;
		height[i] = inside > 0 ? inside : 0;
		sum += height[i];
	}
	for (int i = 0; i < n; i++) {
		running += height[i];
		int now = (int)floor(running / sum * RESIZE_WEIGHT_ONE + 0.5);
		weight[i] = (int16_t)(now - given);
		given = now;
	}
}

static int clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

int resize_axis_init(struct resize_axis *axis, int source, double extent, int scaled, int start, int n, bool mirrored,
		     struct arena *a)
{
	double ratio = extent / scaled;
	double radius = fmax(ratio, 1);
	int taps = clamp((int)ceil(2 * radius), 1, source);
	*axis = (struct resize_axis){ .n = n, .taps = taps, .first = source };
	axis->copy = ratio == 1 && !mirrored;
	if (ratio == 1)
		axis->taps = taps = 1;
	axis->at = arena_alloc(a, (size_t)n * sizeof *axis->at);
	axis->weight = arena_alloc(a, (size_t)n * (size_t)taps * sizeof *axis->weight);
	double *height = arena_alloc(a, (size_t)taps * sizeof *height);
	if (axis->at == NULL || axis->weight == NULL || height == NULL)
		return -1;
	for (int i = 0; i < n; i++) {
		int out = start + (mirrored ? n - 1 - i : i);
		double centre = (out + 0.5) * ratio;
		int from = clamp((int)floor(centre - radius + 0.5), 0, source - taps);
		if (ratio == 1)
			from = out;
		axis->at[i] = from;
		triangle(axis->weight + (size_t)i * (size_t)taps, height, centre, radius, from, taps);
		if (from < axis->first)
			axis->first = from;
		if (from + taps > axis->end)
			axis->end = from + taps;
	}
	return 0;
}

static void copy_window(uint8_t *out, size_t stride, const uint8_t *source, size_t source_stride,
			const struct resize_axis *x, const struct resize_axis *y)
{
	for (int i = 0; i < y->n; i++)
		memcpy(out + (size_t)i * stride, source + (size_t)(y->at[i] - y->first) * source_stride,
		       (size_t)x->n * 3);
}

/* weight i32 [pairs n]: those of neighbours in one number, the left one in its lower half. */
static void pair_weights(int32_t *weight, const struct resize_axis *x)
{
	for (int i = 0; i < x->n; i++)
		for (int k = 0; k < x->taps; k += 2) {
			const int16_t *from = x->weight + (size_t)i * (size_t)x->taps + k;
			int32_t right = k + 1 < x->taps ? from[1] : 0;
			weight[(size_t)(k / 2) * (size_t)x->n + (size_t)i] = right << 16 | from[0];
		}
}

int resize_window(uint8_t *out, size_t stride, const struct image_tile *tile, const struct resize_axis *x,
		  const struct resize_axis *y, struct arena *a)
{
	size_t source_stride = (size_t)tile->rgb.dim[1] * 3;
	int columns = x->end - x->first;
	if (x->first < tile->x || y->first < tile->y || x->end > tile->x + tile->rgb.dim[1] ||
	    y->end > tile->y + tile->rgb.dim[0])
		return err_set("resize: the source lacks pixels that are needed");
	const uint8_t *source = (const uint8_t *)tile->rgb.data + (size_t)(y->first - tile->y) * source_stride +
				(size_t)(x->first - tile->x) * 3;
	if (x->copy && y->taps == 1) {
		copy_window(out, stride, source, source_stride, x, y);
		return 0;
	}
	/* The row kernel reads eight numbers where two pixels have six, and two pixels for the last one. */
	int pairs = (x->taps + 1) / 2;
	int16_t *row = arena_calloc(a, (size_t)columns * 3 + 8, sizeof *row);
	int32_t *at = arena_alloc(a, (size_t)x->n * sizeof *at);
	int32_t *weight = arena_alloc(a, (size_t)pairs * (size_t)x->n * sizeof *weight);
	if (row == NULL || at == NULL || weight == NULL)
		return -1;
	pair_weights(weight, x);
	for (int i = 0; i < x->n; i++)
		at[i] = (x->at[i] - x->first) * 3;
	for (int i = 0; i < y->n; i++) {
		ISA_PICK(resize_columns)(row, source + (size_t)(y->at[i] - y->first) * source_stride, source_stride,
					 y->weight + (size_t)i * (size_t)y->taps, y->taps, columns * 3);
		ISA_PICK(resize_row)(out + (size_t)i * stride, row, at, weight, pairs, x->n);
	}
	return 0;
}

int image_resize(struct tensor *out, const struct tensor *in, int w, int h, struct arena *a)
{
	struct image_tile tile = { .rgb = *in };
	struct resize_axis x, y;
	int source_w = (int)in->dim[1], source_h = (int)in->dim[0];
	TRY(tensor_new(out, a, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }));
	TRY(resize_axis_init(&x, source_w, source_w, w, 0, w, false, a));
	TRY(resize_axis_init(&y, source_h, source_h, h, 0, h, false, a));
	return resize_window(out->data, (size_t)w * 3, &tile, &x, &y, a);
}
