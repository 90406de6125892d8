/*
 * affine: maps between pixel frames, and the eight ways an image can be turned.
 *
 * An affine map is double [6], row-major 2x3: x' = m[0]*x + m[1]*y + m[2],
 * y' = m[3]*x + m[4]*y + m[5], on continuous coordinates (the pixel i covers i..i+1).
 *
 * A turn is done in this order: mirror in the stored frame, then swap the axes. Every EXIF
 * orientation, also with a mirror image on top, is one turn.
 *
 *     struct image_turn turn = image_turn_of_exif(info.exif);
 *     double to_upright[6];
 *     image_turn_affine(to_upright, turn, info.w, info.h);
 */
#ifndef IMAGE_AFFINE_H
#define IMAGE_AFFINE_H

#include <stdbool.h>

struct image_turn {
	bool flip_x;	/* x becomes w - x, in the stored frame */
	bool flip_y;	/* y becomes h - y, in the stored frame */
	bool transpose;	/* then x and y are exchanged */
};

/* The turn that makes an image upright; orientation 1..8, anything else is 1. Source: EXIF 2.3 section 4.6.4 A. */
struct image_turn image_turn_of_exif(int orientation);

/* The turn followed by a mirror left to right in the turned frame. */
struct image_turn image_turn_mirror(struct image_turn turn);

/* The map from a stored image of w x h pixels to the turned one (which is h x w when transposed). */
void image_turn_affine(double m[6], struct image_turn turn, double w, double h);

void affine_identity(double m[6]);
bool affine_is_identity(const double m[6]);

/* m = outer after inner; m may be either of them. */
void affine_compose(double m[6], const double outer[6], const double inner[6]);

/* The map back; false when there is none: m is not finite, or what it makes has no area. out may be m. */
bool affine_invert(double out[6], const double m[6]);

/* x, y in place. */
void affine_point(const double m[6], double *x, double *y);

/* The box around the mapped corners of box x0 y0 x1 y1, both double [4]; in place is fine. */
void affine_box(double out[4], const double m[6], const double box[4]);

/*
 * The pixels first..end - 1 of row y of an image w pixels wide whose centres m takes into the rectangle
 * x0 <= x < x1, y0 <= y < y1 (rect: x0 y0 x1 y1). They are neighbours; none: first = end.
 */
void affine_row_span(int *first, int *end, const double m[6], const double rect[4], int y, int w);

#endif
