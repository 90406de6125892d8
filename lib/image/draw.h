/*
 * draw: rectangles and text into u8 [H W 3] tensors, for pictures that people look at.
 *
 * Everything is clipped to the image, so coordinates may lie anywhere; nothing fails.
 * Boxes are continuous coordinates as everywhere (x0 y0 x1 y1, the pixel i covers i..i+1).
 *
 *     draw_box(&image, box, 2, draw_color(label));
 *     draw_label(&image, (int)box[0], (int)box[1], "cat 0.93", draw_color(label));
 */
#ifndef IMAGE_DRAW_H
#define IMAGE_DRAW_H

#include "tensor/tensor.h"

#include <stdint.h>

struct color {
	uint8_t r, g, b;
};

/* Pixels of one character cell of the built-in font, at scale 1. */
enum { DRAW_FONT_W = 6, DRAW_FONT_H = 10 };

/* A colour for a class: neighbours differ well, all are bright enough for dark and light ground. */
struct color draw_color(int64_t label);

/* Black or white, whichever reads better on that ground. */
struct color draw_contrast(struct color ground);

/* The area x..x+w, y..y+h. */
void draw_fill(struct tensor *image, int x, int y, int w, int h, struct color c);

/* The same, blended: alpha 0 leaves the image, 256 covers it. */
void draw_blend(struct tensor *image, int x, int y, int w, int h, struct color c, int alpha);

/* The outline of box f32 [4], thickness pixels wide, drawn inwards from the box's edge. */
void draw_box(struct tensor *image, const float box[4], int thickness, struct color c);

/* From x0, y0 to x1, y1 (continuous), as squares of thickness pixels around its points. Not finite: nothing. */
void draw_line(struct tensor *image, double x0, double y0, double x1, double y1, int thickness, struct color c);

/* One line of text with its top left corner at x, y. Characters outside ASCII are drawn as a small block. */
void draw_text(struct tensor *image, int x, int y, const char *text, int scale, struct color c);

/* Pixels that text takes at that scale. */
int draw_text_width(const char *text, int scale);

/*
 * A tag with text on a ground of colour c, sitting on top of the line y with its left edge at x; it is
 * moved inside the image when it would stick out.
 */
void draw_label(struct tensor *image, int x, int y, const char *text, int scale, struct color c);

/* Copy the whole of `from` into image with its top left corner at x, y. */
void draw_image(struct tensor *image, int x, int y, const struct tensor *from);

#endif
