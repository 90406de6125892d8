/* Changes of colour that mix the channels of a pixel. */
#include "base/isa.h"

#include <stdint.h>

void ISA_NAME(saturate_row)(uint8_t *rgb, float factor, int n);

static inline uint8_t blend(int from, int to, float factor)
{
	float value = (float)from + factor * (float)(to - from);
	return (uint8_t)(value <= 0 ? 0 : value >= 255 ? 255 : value);
}

/* rgb u8 [n 3]: from the luma of the pixel towards the pixel by factor, 1 changes nothing. */
void ISA_NAME(saturate_row)(uint8_t *restrict rgb, float factor, int n)
{
	for (int i = 0; i < n; i++, rgb += 3) {
		int luma = (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;
		rgb[0] = blend(luma, rgb[0], factor);
		rgb[1] = blend(luma, rgb[1], factor);
		rgb[2] = blend(luma, rgb[2], factor);
	}
}
