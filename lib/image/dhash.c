#include "image/dhash.h"

#include "image/codec.h"
#include "image/probe.h"

enum { COLUMNS = 9, ROWS = 8, ENOUGH = 32 };

/* A sum of brightness, 256 times, over n pixels. */
struct cell {
	uint64_t sum, n;
};

static struct cell sum_cell(const struct tensor *image, int x0, int x1, int y0, int y1)
{
	struct cell c = { 0, (uint64_t)(x1 - x0) * (uint64_t)(y1 - y0) };
	for (int y = y0; y < y1; y++) {
		const uint8_t *p = (const uint8_t *)image->data + ((size_t)y * (size_t)image->dim[1] + (size_t)x0) * 3;
		for (int x = x0; x < x1; x++, p += 3)
			c.sum += 77u * p[0] + 150u * p[1] + 29u * p[2];
	}
	return c;
}

/* Where part i of n begins on a side; a part has at least one pixel. */
static int begin(int i, int n, int side)
{
	return (int)((int64_t)i * side / n);
}

static int end(int i, int n, int side)
{
	int at = begin(i + 1, n, side);
	return at > begin(i, n, side) ? at : begin(i, n, side) + 1;
}

void dhash_pixels(struct dhash *hash, const struct tensor *image, int w, int h)
{
	uint64_t lowest = UINT64_MAX, highest = 0;
	*hash = (struct dhash){ 0 };
	for (int y = 0; y < ROWS; y++) {
		struct cell left = { 0 };
		for (int x = 0; x < COLUMNS; x++) {
			struct cell c = sum_cell(image, begin(x, COLUMNS, w), end(x, COLUMNS, w), begin(y, ROWS, h), end(y, ROWS, h));
			uint64_t mean = c.sum / c.n;
			lowest = mean < lowest ? mean : lowest;
			highest = mean > highest ? mean : highest;
			if (x > 0)
				hash->bits = hash->bits << 1 | (left.sum * c.n < c.sum * left.n);
			left = c;
		}
	}
	hash->flat = highest - lowest <= DHASH_FLAT * 256;
}

int dhash_file(struct dhash *hash, const void *bytes, size_t size, struct arena *a)
{
	struct image_info info;
	struct image_tile tile;
	int reduction = 1;
	TRY(image_probe(&info, bytes, size));
	while (info.format == IMAGE_JPEG && reduction < 8 && image_reduced(info.w, 2 * reduction) >= ENOUGH &&
	       image_reduced(info.h, 2 * reduction) >= ENOUGH)
		reduction *= 2;
	TRY(image_decode(&tile, &info, bytes, size, NULL, reduction, a));
	dhash_pixels(hash, &tile.rgb, (int)tile.rgb.dim[1], (int)tile.rgb.dim[0]);
	return 0;
}

int dhash_distance(uint64_t a, uint64_t b)
{
	return __builtin_popcountll(a ^ b);
}
