/*
 * Bilinear interpolation along a straight line through an image.
 *
 * A run of pixels goes through three loops: where each lies and how its four neighbours weigh; loading these; their
 * sum for each channel. The first and the last vectorise, whatever the direction of the line.
 */
#include "base/isa.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { FRACTION = 16, WEIGHT = 8, ONE = 1 << WEIGHT, RUN = 64 };

/* The neighbours of a run of pixels, a pixel's channels in the lower three bytes, and what they weigh: 65536 together. */
struct run {
	int32_t at[RUN];	/* the upper left one, bytes from the start of the source */
	uint32_t pixel[4][RUN], weight[4][RUN];	/* upper left, upper right, lower left, lower right */
	uint32_t out[RUN];
};

void ISA_NAME(warp_row)(uint8_t *out, const uint8_t *source, size_t stride, const int size[2], const int from[2],
			const int32_t fraction[2], const int32_t step[2], int n);

static inline int clamp(int value, int high)
{
	return value < 0 ? 0 : value > high ? high : value;
}

/* At the border: neighbours that are not there are the border's own pixels. */
static void border(uint8_t out[3], const uint8_t *source, size_t stride, const int size[2], int x, int y, int wx, int wy)
{
	size_t x0 = (size_t)clamp(x, size[0] - 1) * 3, x1 = (size_t)clamp(x + 1, size[0] - 1) * 3;
	const uint8_t *row0 = source + (size_t)clamp(y, size[1] - 1) * stride;
	const uint8_t *row1 = source + (size_t)clamp(y + 1, size[1] - 1) * stride;
	for (int c = 0; c < 3; c++) {
		int top = row0[x0 + c] * (ONE - wx) + row0[x1 + c] * wx;
		int bottom = row1[x0 + c] * (ONE - wx) + row1[x1 + c] * wx;
		out[c] = (uint8_t)((top * (ONE - wy) + bottom * wy + ONE * ONE / 2) >> (2 * WEIGHT));
	}
}

/* Four bytes are read where a pixel has three, so x + 2 has to be inside too. */
static inline bool is_inside(int x, int y, const int size[2])
{
	return (x >= 0) & (y >= 0) & (x <= size[0] - 3) & (y <= size[1] - 2);
}

/* How many of the n pixels lie where not all neighbours are; these look at the first pixels of the image instead. */
static int locate(struct run *r, int stride, const int size[2], const int from[2], const int32_t fraction[2],
		  const int32_t step[2], int n)
{
	int outside = 0;
	for (int i = 0; i < RUN; i++) {
		int32_t u = fraction[0] + i * step[0], v = fraction[1] + i * step[1];
		int x = from[0] + (u >> FRACTION), y = from[1] + (v >> FRACTION);
		uint32_t wx = (uint32_t)(u >> (FRACTION - WEIGHT)) & (ONE - 1), wy = (uint32_t)(v >> (FRACTION - WEIGHT)) & (ONE - 1);
		bool inside = is_inside(x, y, size);
		r->at[i] = inside ? y * stride + 3 * x : 0;
		outside += !inside & (i < n);
		r->weight[3][i] = wx * wy;
		r->weight[2][i] = wy * ONE - wx * wy;
		r->weight[1][i] = wx * ONE - wx * wy;
		r->weight[0][i] = ONE * ONE - wx * ONE - wy * ONE + wx * wy;
	}
	return outside;
}

static void load(struct run *r, const uint8_t *source, size_t stride, int n)
{
	for (int i = 0; i < n; i++) {
		const uint8_t *at = source + r->at[i];
		memcpy(&r->pixel[0][i], at, 4);
		memcpy(&r->pixel[1][i], at + 3, 4);
		memcpy(&r->pixel[2][i], at + stride, 4);
		memcpy(&r->pixel[3][i], at + stride + 3, 4);
	}
}

static void mix(struct run *r)
{
	for (int i = 0; i < RUN; i++) {
		uint32_t red = ONE * ONE / 2, green = red, blue = red;
		for (int k = 0; k < 4; k++) {
			uint32_t p = r->pixel[k][i], w = r->weight[k][i];
			red += (p & 255) * w;
			green += (p >> 8 & 255) * w;
			blue += (p >> 16 & 255) * w;
		}
		r->out[i] = red >> 16 | (green >> 16) << 8 | (blue >> 16) << 16;
	}
}

/*
 * out u8 [n 3], n <= 64: pixel i is read at (from + (fraction + i * step) / 65536) in source u8, size[0] x size[1] pixels with
 * rows stride bytes apart, less than 2^31 bytes in all.
 */
void ISA_NAME(warp_row)(uint8_t *restrict out, const uint8_t *restrict source, size_t stride, const int size[2],
			const int from[2], const int32_t fraction[2], const int32_t step[2], int n)
{
	struct run r;
	int outside = n;
	if (size[0] >= 3 && size[1] >= 2) {
		outside = locate(&r, (int)stride, size, from, fraction, step, n);
		memset(r.pixel, 0, sizeof r.pixel);
		load(&r, source, stride, n);
		mix(&r);
		/* Four bytes are written where a pixel has three; the next pixel puts the fourth right. */
		for (int i = 0; i < n - 1; i++)
			memcpy(out + 3 * i, &r.out[i], 4);
		memcpy(out + 3 * (n - 1), &r.out[n - 1], 3);
	}
	for (int i = 0; i < n && outside > 0; i++) {
		int32_t u = fraction[0] + i * step[0], v = fraction[1] + i * step[1];
		int x = from[0] + (u >> FRACTION), y = from[1] + (v >> FRACTION);
		if (size[0] >= 3 && is_inside(x, y, size))
			continue;
		border(out + 3 * i, source, stride, size, x, y, (u >> (FRACTION - WEIGHT)) & (ONE - 1),
		       (v >> (FRACTION - WEIGHT)) & (ONE - 1));
		outside--;
	}
}
