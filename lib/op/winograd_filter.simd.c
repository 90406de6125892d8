#include "op/winograd_kernel.h"
#include "op/winograd_points.h"

ALWAYS_INLINE void filter_lanes(float *u, long plane, const float *g)
{
	vec half[3][6];	/* [column][point] */
#pragma GCC unroll 6
	for (int j = 0; j < 3; j++) {
		vec column[3];
#pragma GCC unroll 6
		for (int i = 0; i < 3; i++)
			column[i] = *(const vec *)(g + (i * 3 + j) * WINOGRAD_PANEL);
		points_filter(half[j], column);
	}
#pragma GCC unroll 6
	for (int i = 0; i < 6; i++) {
		vec row[3] = { half[0][i], half[1][i], half[2][i] }, out[6];
		points_filter(out, row);
#pragma GCC unroll 6
		for (int j = 0; j < 6; j++)
			*(vec *)(u + (i * 6 + j) * plane) = out[j];
	}
}

ALWAYS_INLINE void filter_gradient_lanes(float *g, const float *u, long plane)
{
	vec half[6][3];	/* [column][tap] */
#pragma GCC unroll 6
	for (int j = 0; j < 6; j++) {
		vec column[6];
#pragma GCC unroll 6
		for (int i = 0; i < 6; i++)
			column[i] = *(const vec *)(u + (i * 6 + j) * plane);
		points_filter_gradient(half[j], column);
	}
#pragma GCC unroll 6
	for (int i = 0; i < 3; i++) {
		vec row[6], out[3];
#pragma GCC unroll 6
		for (int j = 0; j < 6; j++)
			row[j] = half[j][i];
		points_filter_gradient(out, row);
#pragma GCC unroll 6
		for (int j = 0; j < 3; j++)
			*(vec *)(g + (i * 3 + j) * WINOGRAD_PANEL) = out[j];
	}
}

void ISA_NAME(winograd_filter)(float *u, long plane, const float *g)
{
	for (int r = 0; r < WINOGRAD_CHUNK; r++)
		for (int c = 0; c < WINOGRAD_PANEL; c += LANES)
			filter_lanes(u + r * WINOGRAD_PANEL + c, plane, g + r * 9 * WINOGRAD_PANEL + c);
}

void ISA_NAME(winograd_filter_gradient)(float *g, const float *u, long plane)
{
	for (int r = 0; r < WINOGRAD_CHUNK; r++)
		for (int c = 0; c < WINOGRAD_PANEL; c += LANES)
			filter_gradient_lanes(g + r * 9 * WINOGRAD_PANEL + c, u + r * WINOGRAD_PANEL + c, plane);
}

ALWAYS_INLINE void sum_pixels(float *sum, const void *dy, enum dtype dtype, long pixels, long channels)
{
	for (long c = 0; c < channels; c += LANES) {
		int count = channels - c < LANES ? (int)(channels - c) : LANES;
		vec total = { 0 };
		if (count == LANES)
			for (long i = 0; i < pixels; i++)
				total += lanes_load(dy, dtype, i * channels + c, LANES);
		else
			for (long i = 0; i < pixels; i++)
				total += lanes_load(dy, dtype, i * channels + c, count);
		memcpy(sum + c, &total, count * sizeof(float));
	}
}

void ISA_NAME(winograd_sum_pixels)(float *sum, const void *dy, int dtype, long pixels, long channels)
{
	if (dtype == DTYPE_F32)
		sum_pixels(sum, dy, DTYPE_F32, pixels, channels);
	else
		sum_pixels(sum, dy, DTYPE_BF16, pixels, channels);
}
