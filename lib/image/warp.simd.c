/* Bilinear interpolation along a straight line through an image. */
#include "base/isa.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { FRACTION = 16, WEIGHT = 8 };

typedef uint8_t four_u8 __attribute__((vector_size(4)));
typedef int32_t four_i32 __attribute__((vector_size(16)));

void ISA_NAME(warp_row)(uint8_t *out, const uint8_t *source, size_t stride, const int size[2], const int from[2],
			const int32_t fraction[2], const int32_t step[2], int n);

static inline four_i32 pixel(const uint8_t *at)
{
	four_u8 value;
	memcpy(&value, at, sizeof value);
	return __builtin_convertvector(value, four_i32);
}

static inline four_u8 mix(four_i32 a, four_i32 b, four_i32 c, four_i32 d, int wx, int wy)
{
	four_i32 top = a * ((1 << WEIGHT) - wx) + b * wx, bottom = c * ((1 << WEIGHT) - wx) + d * wx;
	four_i32 sum = top * ((1 << WEIGHT) - wy) + bottom * wy + (1 << (2 * WEIGHT - 1));
	return __builtin_convertvector(sum >> (2 * WEIGHT), four_u8);
}

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
		int top = row0[x0 + c] * ((1 << WEIGHT) - wx) + row0[x1 + c] * wx;
		int bottom = row1[x0 + c] * ((1 << WEIGHT) - wx) + row1[x1 + c] * wx;
		out[c] = (uint8_t)((top * ((1 << WEIGHT) - wy) + bottom * wy + (1 << (2 * WEIGHT - 1))) >> (2 * WEIGHT));
	}
}

/*
 * out u8 [n 3]: pixel i is read at (from + (fraction + i * step) / 65536) in source u8, size[0] x size[1] pixels
 * with rows stride bytes apart. Four bytes are read where a pixel has three, but never behind the last row.
 */
void ISA_NAME(warp_row)(uint8_t *restrict out, const uint8_t *restrict source, size_t stride, const int size[2],
			const int from[2], const int32_t fraction[2], const int32_t step[2], int n)
{
	for (int i = 0; i < n; i++) {
		int32_t u = fraction[0] + i * step[0], v = fraction[1] + i * step[1];
		int x = from[0] + (u >> FRACTION), y = from[1] + (v >> FRACTION);
		int wx = (u >> (FRACTION - WEIGHT)) & ((1 << WEIGHT) - 1), wy = (v >> (FRACTION - WEIGHT)) & ((1 << WEIGHT) - 1);
		/* x + 2 is inside too, so that the fourth byte is. */
		if (x < 0 || y < 0 || x > size[0] - 3 || y > size[1] - 2) {
			border(out + 3 * i, source, stride, size, x, y, wx, wy);
			continue;
		}
		const uint8_t *at = source + (size_t)y * stride + (size_t)x * 3;
		four_u8 value = mix(pixel(at), pixel(at + 3), pixel(at + stride), pixel(at + stride + 3), wx, wy);
		memcpy(out + 3 * i, &value, 3);
	}
}
