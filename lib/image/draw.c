#include "image/draw.h"

#include "image/font.h"

#include <math.h>
#include <string.h>

struct color draw_color(int64_t label)
{
	/* Hues a golden section of the circle apart: any run of neighbours is spread evenly. */
	double hue = fmod(0.08 + (double)(label < 0 ? -label : label) * 0.6180339887498949, 1) * 6;
	int sector = (int)hue;
	int value = label / 12 % 2 == 0 ? 255 : 200;
	int low = value / 5, rise = low + (int)((value - low) * (hue - sector)), fall = value + low - rise;
	const int table[6][3] = {
		{ value, rise, low }, { fall, value, low }, { low, value, rise },
		{ low, fall, value }, { rise, low, value }, { value, low, fall },
	};
	return (struct color){ (uint8_t)table[sector][0], (uint8_t)table[sector][1], (uint8_t)table[sector][2] };
}

struct color draw_contrast(struct color ground)
{
	int light = 299 * ground.r + 587 * ground.g + 114 * ground.b;
	return light > 128000 ? (struct color){ 0, 0, 0 } : (struct color){ 255, 255, 255 };
}

static int64_t clamp(int64_t value, int64_t high)
{
	return value < 0 ? 0 : value > high ? high : value;
}

void draw_blend(struct tensor *image, int x, int y, int w, int h, struct color c, int alpha)
{
	int64_t x0 = clamp(x, image->dim[1]), x1 = clamp((int64_t)x + w, image->dim[1]);
	int64_t y0 = clamp(y, image->dim[0]), y1 = clamp((int64_t)y + h, image->dim[0]);
	const int ink[3] = { c.r, c.g, c.b };
	for (int64_t row = y0; row < y1; row++) {
		uint8_t *pixel = (uint8_t *)image->data + (row * image->dim[1] + x0) * 3;
		for (int64_t i = 0; i < (x1 - x0) * 3; i++)
			pixel[i] = (uint8_t)((pixel[i] * (256 - alpha) + ink[i % 3] * alpha) >> 8);
	}
}

void draw_fill(struct tensor *image, int x, int y, int w, int h, struct color c)
{
	draw_blend(image, x, y, w, h, c, 256);
}

/* Coordinates far outside would not fit an int. */
static int to_pixel(float value, double (*rounding)(double))
{
	double limited = value < -1e6f ? -1e6 : value > 1e6f ? 1e6 : (double)value;
	return (int)rounding(limited);
}

void draw_box(struct tensor *image, const float box[4], int thickness, struct color c)
{
	if (!(box[2] >= box[0] && box[3] >= box[1]))
		return;
	int x0 = to_pixel(box[0], floor), y0 = to_pixel(box[1], floor);
	int x1 = to_pixel(box[2], ceil), y1 = to_pixel(box[3], ceil);
	draw_fill(image, x0, y0, x1 - x0, thickness, c);
	draw_fill(image, x0, y1 - thickness, x1 - x0, thickness, c);
	draw_fill(image, x0, y0 + thickness, thickness, y1 - y0 - 2 * thickness, c);
	draw_fill(image, x1 - thickness, y0 + thickness, thickness, y1 - y0 - 2 * thickness, c);
}

void draw_line(struct tensor *image, double x0, double y0, double x1, double y1, int thickness, struct color c)
{
	enum { FAR = 1 << 15 };	/* no image reaches further */
	double length = fmax(fabs(x1 - x0), fabs(y1 - y0));
	if (!(fabs(x0) < FAR && fabs(y0) < FAR && length < 2 * FAR))
		return;
	int steps = (int)ceil(length);
	for (int i = 0; i <= steps; i++) {
		double t = steps > 0 ? (double)i / steps : 0, half = thickness / 2.0;
		draw_fill(image, (int)floor(x0 + t * (x1 - x0) - half + 0.5), (int)floor(y0 + t * (y1 - y0) - half + 0.5),
			  thickness, thickness, c);
	}
}

/* The next character of UTF-8 text: bytes that continue one are no characters of their own. */
static const char *next_character(const char *text)
{
	text++;
	while (((unsigned char)*text & 0xc0) == 0x80)
		text++;
	return text;
}

int draw_text_width(const char *text, int scale)
{
	int n = 0;
	for (; *text != '\0'; text = next_character(text))
		n++;
	return n * DRAW_FONT_W * scale;
}

static void draw_glyph(struct tensor *image, int x, int y, const uint8_t *glyph, int scale, struct color c)
{
	for (int row = 0; row < FONT_ROWS; row++)
		for (int column = 0; column < FONT_COLUMNS; column++)
			if (glyph[row] >> (FONT_COLUMNS - 1 - column) & 1)
				draw_fill(image, x + column * scale, y + row * scale, scale, scale, c);
}

void draw_text(struct tensor *image, int x, int y, const char *text, int scale, struct color c)
{
	for (; *text != '\0'; text = next_character(text)) {
		draw_glyph(image, x, y + scale, font_glyph((unsigned char)*text), scale, c);
		x += DRAW_FONT_W * scale;
	}
}

void draw_label(struct tensor *image, int x, int y, const char *text, int scale, struct color c)
{
	int w = draw_text_width(text, scale) + scale * 3, h = (DRAW_FONT_H + 1) * scale;
	int width = (int)image->dim[1];
	if (x + w > width)
		x = width - w;
	if (x < 0)
		x = 0;
	y = y < h ? 0 : y - h;
	draw_fill(image, x, y, w, h, c);
	draw_text(image, x + 2 * scale, y + scale / 2, text, scale, draw_contrast(c));
}

void draw_image(struct tensor *image, int x, int y, const struct tensor *from)
{
	int64_t x0 = clamp(x, image->dim[1]), x1 = clamp(x + from->dim[1], image->dim[1]);
	int64_t y0 = clamp(y, image->dim[0]), y1 = clamp(y + from->dim[0], image->dim[0]);
	if (x1 <= x0)
		return;
	for (int64_t row = y0; row < y1; row++)
		memcpy((uint8_t *)image->data + (row * image->dim[1] + x0) * 3,
		       (const uint8_t *)from->data + ((row - y) * from->dim[1] + x0 - x) * 3, (size_t)(x1 - x0) * 3);
}
