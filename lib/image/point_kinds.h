/*
 * point_kinds: the changes of colour of image/point.h that have a file of their own.
 */
#ifndef IMAGE_POINT_KINDS_H
#define IMAGE_POINT_KINDS_H

#include "image/point.h"

/* Turn the hue of n pixels by that part of the circle; lightness and saturation (HSV) stay. Greys stay. */
void image_turn_hue(uint8_t *rgb, float turns, int n);

/*
 * Gaussian blur of sigma > 0 pixels, 2 * radius + 1 wide and normalised; the image is mirrored at its border, whose pixels are not
 * doubled. Error: memory.
 */
int image_blur(const struct image_region *image, double sigma, int radius, struct arena *a) MUST_CHECK;

#endif
