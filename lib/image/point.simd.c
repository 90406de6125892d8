/* Changes of colour that mix the channels of a pixel, or its neighbours. */
#include "base/isa.h"

#include <stdint.h>

void ISA_NAME(saturate_row)(uint8_t *rgb, float factor, int n);
void ISA_NAME(saturate_row_tf)(uint8_t *rgb, float factor, int n);
void ISA_NAME(sharpen_row)(uint8_t *out, const uint8_t *above, const uint8_t *here, const uint8_t *below, float factor,
			   int rounding, int n);

static inline uint8_t blend(int from, int to, float factor)
{
	float value = (float)from + factor * (float)(to - from);
	value = value < 0 ? 0 : value;
	value = value > 255 ? 255 : value;
	return (uint8_t)(int)value;
}

/* rgb u8 [n 3]: from the luma of the pixel towards the pixel by factor, 1 changes nothing. */
void ISA_NAME(saturate_row)(uint8_t *restrict rgb, float factor, int n)
{
	for (int i = 0; i < n; i++) {
		int r = rgb[3 * i], g = rgb[3 * i + 1], b = rgb[3 * i + 2];
		int luma = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
		rgb[3 * i] = blend(luma, r, factor);
		rgb[3 * i + 1] = blend(luma, g, factor);
		rgb[3 * i + 2] = blend(luma, b, factor);
	}
}

/* The same with TensorFlow's grey: channels scaled to 0..1, weighted, scaled by 255.5 and cut. */
void ISA_NAME(saturate_row_tf)(uint8_t *restrict rgb, float factor, int n)
{
	const float to_one = 1.0f / 255.0f;
	for (int i = 0; i < n; i++) {
		int r = rgb[3 * i], g = rgb[3 * i + 1], b = rgb[3 * i + 2];
		float grey = ((float)r * to_one) * 0.2989f + ((float)g * to_one) * 0.587f + ((float)b * to_one) * 0.114f;
		int luma = (int)(grey * 255.5f);
		rgb[3 * i] = blend(luma, r, factor);
		rgb[3 * i + 1] = blend(luma, g, factor);
		rgb[3 * i + 2] = blend(luma, b, factor);
	}
}

/*
 * out u8 [n]: from the smooth row towards `here` by factor. above, here and below u8 [n+6] begin one pixel before.
 * rounding: 6 rounds thirteenths to the nearest, 0 cuts them.
 */
void ISA_NAME(sharpen_row)(uint8_t *restrict out, const uint8_t *restrict above, const uint8_t *restrict here,
			   const uint8_t *restrict below, float factor, int rounding, int n)
{
	for (int i = 0; i < n; i++) {
		int sum = above[i] + above[i + 3] + above[i + 6] + here[i] + 5 * here[i + 3] + here[i + 6] + below[i] +
			  below[i + 3] + below[i + 6];
		/* x / 13 for x < 13 * 256, without a division. */
		int smooth = ((sum + rounding) * 20165) >> 18;
		out[i] = blend(smooth, here[i + 3], factor);
	}
}
