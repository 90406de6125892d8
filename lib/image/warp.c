#include "image/warp.h"

#include "base/isa.h"

#include <math.h>
#include <string.h>

enum { FRACTION = 16, CHUNK = 64 };

ISA_DECLARE(void, warp_row, (uint8_t *out, const uint8_t *source, size_t stride, const int size[2], const int from[2],
			     const int32_t fraction[2], const int32_t step[2], int n))

/* Source pixels from one pixel of the output to the next, along its rows or columns: the smaller. */
static double step_length(const double m[6])
{
	return fmin(hypot(m[0], m[3]), hypot(m[1], m[4]));
}

static int choose_reduction(const struct image_source *source, double step, const struct image_filter *filter)
{
	if (source->encoded == NULL || source->info.format != IMAGE_JPEG || (filter != NULL && filter->full_scale))
		return 1;
	for (int reduction = 8; reduction > 1; reduction /= 2)
		if (step > reduction * (1 - 1e-9))
			return reduction;
	return 1;
}

/* The pixels of the source (w x h) that out looks at, with one more on each side for the interpolation. */
static struct image_rect look_at(const double m[6], int out_w, int out_h, int w, int h)
{
	double box[4] = { 0, 0, out_w, out_h };
	affine_box(box, m, box);
	int x0 = (int)fmin(fmax(floor(box[0]) - 1, 0), w - 1), x1 = (int)fmax(fmin(ceil(box[2]) + 1, w), x0 + 1);
	int y0 = (int)fmin(fmax(floor(box[1]) - 1, 0), h - 1), y1 = (int)fmax(fmin(ceil(box[3]) + 1, h), y0 + 1);
	return (struct image_rect){ x0, y0, x1 - x0, y1 - y0 };
}

/* A tile of averages over k x k pixels; a last square that is not full averages what there is. */
static int shrink(struct image_tile *out, const struct image_tile *in, int k, struct arena *a)
{
	int64_t w = in->rgb.dim[1], h = in->rgb.dim[0], small_w = (w + k - 1) / k, small_h = (h + k - 1) / k;
	const uint8_t *from = in->rgb.data;
	TRY(tensor_new(&out->rgb, a, DTYPE_U8, 3, (int64_t[]){ small_h, small_w, 3 }));
	uint8_t *to = out->rgb.data;
	for (int64_t y = 0; y < small_h; y++)
		for (int64_t x = 0; x < small_w; x++, to += 3) {
			uint64_t sum[3] = { 0 }, n = 0;
			for (int64_t v = y * k; v < (y + 1) * k && v < h; v++)
				for (int64_t u = x * k; u < (x + 1) * k && u < w; u++, n++)
					for (int c = 0; c < 3; c++)
						sum[c] += from[(v * w + u) * 3 + c];
			for (int c = 0; c < 3; c++)
				to[c] = (uint8_t)((sum[c] + n / 2) / n);
		}
	return 0;
}

/* m then takes pixels of out to those of the tile, both counted from their centres. */
static void to_tile(double m[6], double reduction, double k, double x, double y)
{
	double scale = 1 / (reduction * k);
	affine_compose(m, (const double[6]){ scale, 0, -x / k - 0.5, 0, scale, -y / k - 0.5 }, m);
	affine_compose(m, m, (const double[6]){ 1, 0, 0.5, 0, 1, 0.5 });
}

static void draw_rows(const struct image_region *out, const struct tensor *tile, const double to_source[6],
		      const double rect[4], const double m[6])
{
	const int size[2] = { (int)tile->dim[1], (int)tile->dim[0] };
	const int32_t step[2] = { (int32_t)lrint(m[0] * (1 << FRACTION)), (int32_t)lrint(m[3] * (1 << FRACTION)) };
	for (int y = 0; y < out->h; y++) {
		int first, end;
		affine_row_span(&first, &end, to_source, rect, y, out->w);
		for (int x = first; x < end; x += CHUNK) {
			int n = end - x < CHUNK ? end - x : CHUNK;
			double u = m[0] * x + m[1] * y + m[2], v = m[3] * x + m[4] * y + m[5];
			const int from[2] = { (int)floor(u), (int)floor(v) };
			const int32_t fraction[2] = { (int32_t)((u - from[0]) * (1 << FRACTION)),
						      (int32_t)((v - from[1]) * (1 << FRACTION)) };
			ISA_PICK(warp_row)(out->rgb + (size_t)y * out->stride + (size_t)x * 3, tile->data,
					   (size_t)size[0] * 3, size, from, fraction, step, n);
		}
	}
}

int image_warp(const struct image_region *out, const struct image_source *source, struct image_turn turn,
	       const double m[6], const struct image_filter *filter, struct arena *a)
{
	double to_source[6], rect[4] = { 0, 0, source->w, source->h };
	struct image_tile tile;
	image_turn_affine(to_source, turn, source->w, source->h);
	affine_compose(to_source, m, to_source);
	affine_invert(to_source, to_source);
	double length = step_length(to_source), map[6];
	int reduction = choose_reduction(source, length, filter);
	affine_compose(map, (const double[6]){ 1.0 / reduction, 0, 0, 0, 1.0 / reduction, 0 }, to_source);
	struct image_rect want = look_at(map, out->w, out->h, image_reduced(source->w, reduction),
					 image_reduced(source->h, reduction));
	TRY(image_load(&tile, source, &want, reduction, filter, a));
	int x = tile.x, y = tile.y, k = (int)(length / reduction + 1e-9);
	if (k >= 2)
		TRY(shrink(&tile, &tile, k, a));
	memcpy(map, to_source, sizeof map);
	to_tile(map, reduction, k < 2 ? 1 : k, x, y);
	draw_rows(out, &tile.rgb, to_source, rect, map);
	return 0;
}

void image_warp_nearest(const struct image_region *out, const struct tensor *from, const float t[6],
			const uint8_t rgb[3])
{
	const uint8_t *source = from->data;
	for (int y = 0; y < out->h; y++)
		for (int x = 0; x < out->w; x++) {
			float u = roundf(t[0] * (float)x + t[1] * (float)y + t[2]);
			float v = roundf(t[3] * (float)x + t[4] * (float)y + t[5]);
			bool inside = u >= 0 && v >= 0 && u < (float)out->w && v < (float)out->h;
			memcpy(out->rgb + (size_t)y * out->stride + (size_t)x * 3,
			       inside ? source + ((size_t)v * (size_t)out->w + (size_t)u) * 3 : rgb, 3);
		}
}

static void paint_row(uint8_t *row, int first, int end, const uint8_t rgb[3])
{
	for (int x = first; x < end; x++)
		memcpy(row + (size_t)x * 3, rgb, 3);
}

void image_paint_inside(const struct image_region *out, const double m[6], const double rect[4],
			const uint8_t rgb[3])
{
	double back[6];
	affine_invert(back, m);
	for (int y = 0; y < out->h; y++) {
		int first, end;
		affine_row_span(&first, &end, back, rect, y, out->w);
		paint_row(out->rgb + (size_t)y * out->stride, first, end, rgb);
	}
}

void image_paint_outside(const struct image_region *out, const double m[6], const double rect[4],
			 const uint8_t rgb[3])
{
	double back[6];
	affine_invert(back, m);
	for (int y = 0; y < out->h; y++) {
		int first, end;
		affine_row_span(&first, &end, back, rect, y, out->w);
		paint_row(out->rgb + (size_t)y * out->stride, 0, first, rgb);
		paint_row(out->rgb + (size_t)y * out->stride, end, out->w, rgb);
	}
}
