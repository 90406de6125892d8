/* Gaussian blur, along the rows and then along the columns. */
#include "image/point_kinds.h"

#include <math.h>
#include <string.h>

/* The row or column that stands for i outside of 0..n-1: mirrored at the border's pixel, as often as needed. */
static int mirrored(int i, int n)
{
	int period = 2 * (n - 1);
	if (n == 1)
		return 0;
	i = (i % period + period) % period;
	return i < n ? i : period - i;
}

static void gaussian(float *weight, int radius, double sigma)
{
	double sum = 0;
	for (int i = -radius; i <= radius; i++)
		sum += exp(-i * i / (2 * sigma * sigma));
	for (int i = -radius; i <= radius; i++)
		weight[i + radius] = (float)(exp(-i * i / (2 * sigma * sigma)) / sum);
}

/* One row of bytes, w pixels, into floats; padded has room for w + 2 * radius pixels. */
static void blur_row(float *out, const uint8_t *row, float *padded, const float *weight, int radius, int w)
{
	for (int x = -radius; x < w + radius; x++)
		for (int c = 0; c < 3; c++)
			padded[(x + radius) * 3 + c] = row[mirrored(x, w) * 3 + c];
	memset(out, 0, (size_t)w * 3 * sizeof *out);
	for (int k = 0; k <= 2 * radius; k++)
		for (int i = 0; i < w * 3; i++)
			out[i] += weight[k] * padded[k * 3 + i];
}

int image_blur(const struct image_region *image, double sigma, int radius, struct arena *a)
{
	size_t row = (size_t)image->w * 3;
	float *all = arena_alloc(a, row * (size_t)image->h * sizeof *all), *sum = arena_alloc(a, row * sizeof *sum);
	float *weight = arena_alloc(a, (size_t)(2 * radius + 1) * sizeof *weight);
	float *padded = arena_alloc(a, (row + 6 * (size_t)radius) * sizeof *padded);
	if (all == NULL || sum == NULL || weight == NULL || padded == NULL)
		return -1;
	gaussian(weight, radius, sigma);
	for (int y = 0; y < image->h; y++)
		blur_row(all + (size_t)y * row, image->rgb + (size_t)y * image->stride, padded, weight, radius, image->w);
	for (int y = 0; y < image->h; y++) {
		uint8_t *out = image->rgb + (size_t)y * image->stride;
		memset(sum, 0, row * sizeof *sum);
		for (int k = -radius; k <= radius; k++) {
			const float *from = all + (size_t)mirrored(y + k, image->h) * row;
			for (size_t i = 0; i < row; i++)
				sum[i] += weight[k + radius] * from[i];
		}
		for (size_t i = 0; i < row; i++)
			out[i] = (uint8_t)(sum[i] + 0.5f);
	}
	return 0;
}
