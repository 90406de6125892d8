#include "op/winograd_kernel.h"
#include "op/winograd_points.h"

/* Where the lanes from channel c on lie in their plane. */
static inline float *place_of(const struct winograd_place *v, long c)
{
	long chunk = c / WINOGRAD_CHUNK;
	return v->to + chunk / 2 * v->pair + chunk % 2 * v->odd + c % WINOGRAD_CHUNK;
}

ALWAYS_INLINE void input_lanes(float *to, long plane, const struct winograd_tile_in *d, enum dtype dtype, long c,
	int count)
{
	vec half[WINOGRAD_IN][WINOGRAD_IN];	/* [column][row] */
#pragma GCC unroll 6
	for (int j = 0; j < WINOGRAD_IN; j++) {
		vec column[WINOGRAD_IN];
#pragma GCC unroll 6
		for (int i = 0; i < WINOGRAD_IN; i++)
			column[i] = lanes_load(d->pixel[i * WINOGRAD_IN + j], dtype, c, count);
		points_input(half[j], column);
	}
#pragma GCC unroll 6
	for (int i = 0; i < WINOGRAD_IN; i++) {
		vec row[WINOGRAD_IN], out[WINOGRAD_IN];
#pragma GCC unroll 6
		for (int j = 0; j < WINOGRAD_IN; j++)
			row[j] = half[j][i];
		points_input(out, row);
#pragma GCC unroll 6
		for (int j = 0; j < WINOGRAD_IN; j++)
			*(vec *)(to + (i * WINOGRAD_IN + j) * plane) = out[j];
	}
}

ALWAYS_INLINE void gradient_lanes(float *to, long plane, const struct winograd_tile_in *dy, enum dtype dtype, long c,
	int count)
{
	vec half[WINOGRAD_OUT][WINOGRAD_IN];	/* [column][point] */
#pragma GCC unroll 6
	for (int j = 0; j < WINOGRAD_OUT; j++) {
		vec column[WINOGRAD_OUT];
#pragma GCC unroll 6
		for (int i = 0; i < WINOGRAD_OUT; i++)
			column[i] = lanes_load(dy->pixel[i * WINOGRAD_OUT + j], dtype, c, count);
		points_gradient(half[j], column);
	}
#pragma GCC unroll 6
	for (int i = 0; i < WINOGRAD_IN; i++) {
		vec row[WINOGRAD_OUT], out[WINOGRAD_IN];
#pragma GCC unroll 6
		for (int j = 0; j < WINOGRAD_OUT; j++)
			row[j] = half[j][i];
		points_gradient(out, row);
#pragma GCC unroll 6
		for (int j = 0; j < WINOGRAD_IN; j++)
			*(vec *)(to + (i * WINOGRAD_IN + j) * plane) = out[j];
	}
}

/* Whole vectors, then the last, partly filled one and the zeros after it. */
#define ALL_LANES(lanes, v, d, dtype) do { \
	long c = 0; \
	for (; c + LANES <= (d)->channels; c += LANES) \
		lanes(place_of(v, c), (v)->plane, d, dtype, c, LANES); \
	for (; c < (v)->channels; c += LANES) \
		lanes(place_of(v, c), (v)->plane, d, dtype, c, c < (d)->channels ? (int)((d)->channels - c) : 0); \
} while (0)

void ISA_NAME(winograd_input)(const struct winograd_place *v, const struct winograd_tile_in *d)
{
	if (d->dtype == DTYPE_F32)
		ALL_LANES(input_lanes, v, d, DTYPE_F32);
	else
		ALL_LANES(input_lanes, v, d, DTYPE_BF16);
}

void ISA_NAME(winograd_gradient)(const struct winograd_place *v, const struct winograd_tile_in *dy)
{
	if (dy->dtype == DTYPE_F32)
		ALL_LANES(gradient_lanes, v, dy, DTYPE_F32);
	else
		ALL_LANES(gradient_lanes, v, dy, DTYPE_BF16);
}

ALWAYS_INLINE void output_pixel(const struct winograd_tile_out *y, int pixel, enum dtype dtype, int c, int count, vec v)
{
	void *to = y->pixel[pixel];
	if (to == NULL)
		return;
	if (y->add)
		v += lanes_load(to, dtype, c, count);
	if (y->relu)	/* a NaN stays one */
		v = (vec)((vec_i32)v & ~(vec_i32)(v < 0));
	lanes_store(to, dtype, c, count, v);
}

ALWAYS_INLINE void output_lanes(const struct winograd_tile_out *y, const float *m, long plane, enum dtype dtype, int c,
	int count)
{
	vec half[WINOGRAD_IN][WINOGRAD_OUT];	/* [column][row] */
	vec bias = { 0 };
	if (y->bias != NULL)
		bias = lanes_load(y->bias, DTYPE_F32, c, count);
#pragma GCC unroll 6
	for (int j = 0; j < WINOGRAD_IN; j++) {
		vec column[WINOGRAD_IN];
#pragma GCC unroll 6
		for (int i = 0; i < WINOGRAD_IN; i++)
			column[i] = *(const vec *)(m + (i * WINOGRAD_IN + j) * plane + c);
		points_output(half[j], column);
	}
#pragma GCC unroll 6
	for (int i = 0; i < WINOGRAD_OUT; i++) {
		vec row[WINOGRAD_IN], out[WINOGRAD_OUT];
#pragma GCC unroll 6
		for (int j = 0; j < WINOGRAD_IN; j++)
			row[j] = half[j][i];
		points_output(out, row);
#pragma GCC unroll 6
		for (int j = 0; j < WINOGRAD_OUT; j++)
			output_pixel(y, i * WINOGRAD_OUT + j, dtype, c, count, out[j] + bias);
	}
}

ALWAYS_INLINE void output_panel(const struct winograd_tile_out *y, const float *m, long plane, enum dtype dtype)
{
	int c = 0;
	for (; c + LANES <= y->channels; c += LANES)
		output_lanes(y, m, plane, dtype, c, LANES);
	if (c < y->channels)
		output_lanes(y, m, plane, dtype, c, y->channels - c);
}

void ISA_NAME(winograd_output)(const struct winograd_tile_out *y, const float *m, long plane)
{
	if (y->dtype == DTYPE_F32)
		output_panel(y, m, plane, DTYPE_F32);
	else
		output_panel(y, m, plane, DTYPE_BF16);
}
