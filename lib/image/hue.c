/* Hues turned around the circle. */
#include "image/point_kinds.h"

#include <math.h>

static float largest(const float c[3])
{
	return c[0] > c[1] ? (c[0] > c[2] ? c[0] : c[2]) : c[1] > c[2] ? c[1] : c[2];
}

static float smallest(const float c[3])
{
	return c[0] < c[1] ? (c[0] < c[2] ? c[0] : c[2]) : c[1] < c[2] ? c[1] : c[2];
}

/* In sixths of the circle, from red; the colour is not grey. */
static float hue_of(const float c[3], float high, float range)
{
	if (c[0] == high)
		return (c[1] - c[2]) / range;
	return c[1] == high ? 2 + (c[2] - c[0]) / range : 4 + (c[0] - c[1]) / range;
}

/* A channel is high for two sixths on each side of its own hue at `middle`, falls to low within one more. */
static uint8_t channel(float hue, float middle, float low, float range)
{
	float away = fabsf(hue - middle);
	away = away > 3 ? 6 - away : away;
	float share = away <= 1 ? 1 : away >= 2 ? 0 : 2 - away;
	return (uint8_t)(low + range * share + 0.5f);
}

void image_turn_hue(uint8_t *rgb, float turns, int n)
{
	for (int i = 0; i < n; i++, rgb += 3) {
		const float c[3] = { rgb[0], rgb[1], rgb[2] }, high = largest(c), low = smallest(c), range = high - low;
		if (range == 0)
			continue;
		float hue = hue_of(c, high, range) + 6 * turns;
		hue -= 6 * floorf(hue / 6);
		rgb[0] = channel(hue, 0, low, range);
		rgb[1] = channel(hue, 2, low, range);
		rgb[2] = channel(hue, 4, low, range);
	}
}
