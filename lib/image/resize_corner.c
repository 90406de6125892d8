#include "image/resize_corner.h"

/* Between which two pixels, and how far from the first. */
struct between {
	int low, high;
	float part;
};

static struct between look(int i, int source, int scaled)
{
	float scale = (float)source / (float)scaled, at = (float)i * scale;
	int low = (int)at;
	return (struct between){ low, low + 1 < source ? low + 1 : source - 1, at - (float)low };
}

static float mix(uint8_t a, uint8_t b, float part)
{
	return (float)a + ((float)b - (float)a) * part;
}

static void resize_row(uint8_t *out, const uint8_t *top, const uint8_t *bottom, float part, const struct between *column,
		       int n)
{
	for (int i = 0; i < n; i++)
		for (int c = 0; c < 3; c++) {
			int low = 3 * column[i].low + c, high = 3 * column[i].high + c;
			float above = mix(top[low], top[high], column[i].part);
			float below = mix(bottom[low], bottom[high], column[i].part);
			out[3 * i + c] = (uint8_t)(above + (below - above) * part + 0.5f);
		}
}

int image_resize_corner(const struct image_region *out, const struct tensor *in, int scaled_w, int scaled_h, int x, int y,
			struct arena *a)
{
	int w = (int)in->dim[1], h = (int)in->dim[0];
	struct between *column = arena_alloc(a, (size_t)out->w * sizeof *column);
	if (column == NULL)
		return -1;
	for (int i = 0; i < out->w; i++)
		column[i] = look(x + i, w, scaled_w);
	for (int i = 0; i < out->h; i++) {
		struct between row = look(y + i, h, scaled_h);
		const uint8_t *pixels = in->data;
		resize_row(out->rgb + (size_t)i * out->stride, pixels + (size_t)row.low * (size_t)w * 3,
			   pixels + (size_t)row.high * (size_t)w * 3, row.part, column, out->w);
	}
	return 0;
}
