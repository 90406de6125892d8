/* The kinds of corruption. Strengths are for values of 0..1; results are rounded to 8 bits. */
#include "augment/corruption.h"

#include "image/codec.h"
#include "image/point_kinds.h"

#include <math.h>
#include <string.h>

static uint8_t to_byte(double value)
{
	return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5);
}

static uint8_t *row_of(const struct image_region *image, int y)
{
	return image->rgb + (size_t)y * image->stride;
}

/* Two independent normal numbers. Source: Box and Muller, 1958. */
static void normal_pair(double out[2], struct rng *g)
{
	double radius = sqrt(-2 * log(1 - rng_uniform(g))), angle = 6.283185307179586 * rng_uniform(g);
	out[0] = radius * cos(angle);
	out[1] = radius * sin(angle);
}

/* Each value plus noise of deviation `fixed`, and `share` times the value. */
static void add_normal(const struct image_region *image, double fixed, double share, struct rng *g)
{
	double pair[2] = { 0 };
	for (int y = 0; y < image->h; y++) {
		uint8_t *row = row_of(image, y);
		for (int i = 0; i < image->w * 3; i++) {
			if (i % 2 == 0)
				normal_pair(pair, g);
			row[i] = to_byte(row[i] + (255 * fixed + share * row[i]) * pair[i % 2]);
		}
	}
}

static int gaussian(const struct image_region *image, double strength, struct rng *g, struct arena *a)
{
	(void)a;
	add_normal(image, strength, 0, g);
	return 0;
}

static int speckle(const struct image_region *image, double strength, struct rng *g, struct arena *a)
{
	(void)a;
	add_normal(image, 0, strength, g);
	return 0;
}

/* A Poisson number by the sum of its probabilities; mean is at most some tens. */
static int poisson(double mean, double u)
{
	double p = exp(-mean), sum = p;
	int k = 0;
	while (u >= sum && k < 1000) {
		k++;
		p *= mean / k;
		sum += p;
	}
	return k;
}

/* White is `strength` photons on average. */
static int shot(const struct image_region *image, double strength, struct rng *g, struct arena *a)
{
	(void)a;
	for (int y = 0; y < image->h; y++) {
		uint8_t *row = row_of(image, y);
		for (int i = 0; i < image->w * 3; i++)
			row[i] = to_byte(poisson(row[i] / 255.0 * strength, rng_uniform(g)) / strength * 255);
	}
	return 0;
}

/* So many of the values become black or white. */
static int impulse(const struct image_region *image, double strength, struct rng *g, struct arena *a)
{
	(void)a;
	for (int y = 0; y < image->h; y++) {
		uint8_t *row = row_of(image, y);
		for (int i = 0; i < image->w * 3; i++) {
			double u = rng_uniform(g);
			row[i] = u < strength / 2 ? 0 : u < strength ? 255 : row[i];
		}
	}
	return 0;
}

static int blur(const struct image_region *image, double strength, struct rng *g, struct arena *a)
{
	(void)g;
	return image_blur(image, strength, (int)(4 * strength + 0.5), a);
}

/* The value of HSV, which is the largest channel, grows; hue and saturation stay. */
static int brightness(const struct image_region *image, double strength, struct rng *g, struct arena *a)
{
	(void)g;
	(void)a;
	for (int y = 0; y < image->h; y++) {
		uint8_t *p = row_of(image, y);
		for (int x = 0; x < image->w; x++, p += 3) {
			double value = p[0] > p[1] ? p[0] : p[1];
			value = p[2] > value ? p[2] : value;
			double more = fmin(value + 255 * strength, 255);
			for (int c = 0; c < 3; c++)
				p[c] = to_byte(value > 0 ? p[c] * more / value : more);
		}
	}
	return 0;
}

/* Each channel around its mean. */
static int contrast(const struct image_region *image, double strength, struct rng *g, struct arena *a)
{
	(void)g;
	(void)a;
	uint64_t sum[3] = { 0 };
	for (int y = 0; y < image->h; y++)
		for (int i = 0; i < image->w * 3; i++)
			sum[i % 3] += row_of(image, y)[i];
	for (int y = 0; y < image->h; y++) {
		uint8_t *row = row_of(image, y);
		for (int i = 0; i < image->w * 3; i++) {
			double mean = (double)sum[i % 3] / ((double)image->w * image->h);
			row[i] = to_byte(mean + strength * (row[i] - mean));
		}
	}
	return 0;
}

static int jpeg(const struct image_region *image, double strength, struct rng *g, struct arena *a)
{
	struct tensor pixels;
	struct image_info info;
	struct image_tile tile;
	uint8_t *bytes;
	size_t size, row = (size_t)image->w * 3;
	(void)g;
	TRY(tensor_new(&pixels, a, DTYPE_U8, 3, (int64_t[]){ image->h, image->w, 3 }));
	for (int y = 0; y < image->h; y++)
		memcpy((uint8_t *)pixels.data + (size_t)y * row, row_of(image, y), row);
	TRY(jpeg_encode(&bytes, &size, &pixels, (int)strength, a));
	TRY(image_probe(&info, bytes, size));
	TRY(image_decode(&tile, &info, bytes, size, NULL, 1, a));
	for (int y = 0; y < image->h; y++)
		memcpy(row_of(image, y), (const uint8_t *)tile.rgb.data + (size_t)y * row, row);
	return 0;
}

const struct corruption_kind corruption_kinds[] = {
	{ "gaussian", { 0.08, 0.12, 0.18, 0.26, 0.38 }, gaussian },
	{ "shot", { 60, 25, 12, 5, 3 }, shot },
	{ "impulse", { 0.03, 0.06, 0.09, 0.17, 0.27 }, impulse },
	{ "speckle", { 0.15, 0.2, 0.35, 0.45, 0.6 }, speckle },
	{ "blur", { 1, 2, 3, 4, 6 }, blur },
	{ "brightness", { 0.1, 0.2, 0.3, 0.4, 0.5 }, brightness },
	{ "contrast", { 0.4, 0.3, 0.2, 0.1, 0.05 }, contrast },
	{ "jpeg", { 25, 18, 15, 10, 7 }, jpeg },
	{ .name = NULL },
};
