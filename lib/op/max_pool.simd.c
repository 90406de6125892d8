#include "op/max_pool.h"

#include <string.h>

/* Channels taken together; their running values stay in registers or the first cache. */
enum { TILE = 64 };

MAP_INLINE void step(float *restrict best, int32_t *restrict place, const void *restrict x, int32_t here, int n, bool bf16)
{
#pragma omp simd
	for (int j = 0; j < n; j++) {
		float v = map_load(x, j, bf16);
		bool wins = (v > best[j]) | (v != v);
		best[j] = wins ? v : best[j];
		place[j] = wins ? here : place[j];
	}
}

/*
 * One more pixel of the window. Not inline: joined with the loop over the window, GCC jams
 * several rounds into one and then compares channel by channel.
 */
__attribute__((noinline)) static void window_step(float *best, int32_t *place, const void *x, int32_t here, int n,
						  bool bf16)
{
	if (bf16)
		step(best, place, x, here, n, true);
	else
		step(best, place, x, here, n, false);
}

MAP_INLINE void window_tile(void *restrict y, float *restrict wide, uint8_t *restrict argmax,
			    const struct max_pool_window *w, int64_t from, int n, bool x_bf16, bool y_bf16)
{
	float best[TILE];
	int32_t place[TILE];
	for (int j = 0; j < n; j++) {
		best[j] = map_load(w->x[0], from + j, x_bf16);
		place[j] = w->place[0];
	}
	for (int k = 1; k < w->n; k++)
		window_step(best, place, (const char *)w->x[k] + from * (x_bf16 ? 2 : 4), w->place[k], n, x_bf16);
	for (int j = 0; j < n; j++) {
		map_store(y, from + j, best[j], y_bf16);
		argmax[from + j] = (uint8_t)place[j];
	}
	if (wide != NULL)
		memcpy(wide + from, best, (size_t)n * sizeof *best);
}

MAP_INLINE void window_pixel(void *y, float *wide, uint8_t *argmax, const struct max_pool_window *w, int64_t c,
			     bool x_bf16, bool y_bf16)
{
	int64_t from = 0;
	for (; from + TILE <= c; from += TILE)
		window_tile(y, wide, argmax, w, from, TILE, x_bf16, y_bf16);
	if (from < c)
		window_tile(y, wide, argmax, w, from, (int)(c - from), x_bf16, y_bf16);
}

void ISA_NAME(max_pool_pixel)(void *y, float *wide, uint8_t *argmax, const struct max_pool_window *w, int64_t c,
			      bool x_bf16, bool y_bf16)
{
	if (x_bf16)
		window_pixel(y, wide, argmax, w, c, true, true);
	else if (y_bf16)
		window_pixel(y, wide, argmax, w, c, false, true);
	else
		window_pixel(y, wide, argmax, w, c, false, false);
}

MAP_INLINE void pass(float *restrict sum, const void *restrict dy, const uint8_t *restrict argmax, int32_t here, int n,
		     bool bf16)
{
#pragma omp simd
	for (int j = 0; j < n; j++) {
		float v = map_load(dy, j, bf16);
		sum[j] += argmax[j] == here ? v : 0;
	}
}

/* The gradient of one output pixel. Not inline, as window_step(). */
__attribute__((noinline)) static void cover_step(float *sum, const void *dy, const uint8_t *argmax, int32_t here, int n,
						 bool bf16)
{
	if (bf16)
		pass(sum, dy, argmax, here, n, true);
	else
		pass(sum, dy, argmax, here, n, false);
}

MAP_INLINE void cover_tile(void *restrict dx, const struct max_pool_covers *k, int64_t from, int n, bool add, bool bf16)
{
	float sum[TILE];
	for (int j = 0; j < n; j++)
		sum[j] = add ? map_load(dx, from + j, bf16) : 0;
	for (int i = 0; i < k->n; i++)
		cover_step(sum, (const char *)k->dy[i] + from * (bf16 ? 2 : 4), k->argmax[i] + from, k->place[i], n, bf16);
	for (int j = 0; j < n; j++)
		map_store(dx, from + j, sum[j], bf16);
}

MAP_INLINE void cover_pixel(void *dx, const struct max_pool_covers *k, int64_t c, bool add, bool bf16)
{
	int64_t from = 0;
	for (; from + TILE <= c; from += TILE)
		cover_tile(dx, k, from, TILE, add, bf16);
	if (from < c)
		cover_tile(dx, k, from, (int)(c - from), add, bf16);
}

void ISA_NAME(max_pool_grad_pixel)(void *dx, const struct max_pool_covers *k, int64_t c, bool add, bool bf16)
{
	if (bf16)
		cover_pixel(dx, k, c, add, true);
	else
		cover_pixel(dx, k, c, add, false);
}
