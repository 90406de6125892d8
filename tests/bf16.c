/*
 * bf16: its conversions, and that the kernels of all levels this machine has convert, cut off and mask with the same bits.
 */
#include "op/norm.h"
#include "op/relu.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HALVES = 1 << 16, LOW = 6, N = HALVES * LOW };

static uint32_t bits_of(float f)
{
	uint32_t u;
	memcpy(&u, &f, sizeof u);
	return u;
}

/* Every upper half with those lower halves where rounding changes its mind. */
static void fill(float *f)
{
	static const uint16_t low[LOW] = { 0, 1, 0x7fff, 0x8000, 0x8001, 0xffff };
	for (uint32_t i = 0; i < N; i++) {
		uint32_t u = i / LOW << 16 | low[i % LOW];
		memcpy(&f[i], &u, sizeof u);
	}
}

/* The definition: the nearest number of 8 binary digits, of two the even one; nothing below 2^-126. */
static uint16_t narrow(float f)
{
	int exponent;
	if (isnan(f))
		return (uint16_t)(bits_of(f) >> 16 | 0x40);
	if (fabsf(f) < 0x1p-126f || isinf(f))
		return (uint16_t)(bits_of(isinf(f) ? f : copysignf(0, f)) >> 16);
	frexp((double)f, &exponent);
	return (uint16_t)(bits_of((float)ldexp(rint(ldexp((double)f, 8 - exponent)), exponent - 8)) >> 16);
}

static int scalar_wrong(const float *f)
{
	int wrong = 0;
	for (int i = 0; i < N; i++)
		wrong += f32_to_bf16(f[i]) != narrow(f[i]);
	for (uint32_t h = 0; h < HALVES; h++)
		wrong += bits_of(bf16_to_f32((uint16_t)h)) != h << 16;
	return wrong;
}

/* The norm's sum of -0 and f32 values, stored as bf16; 77 channels end in the middle of a vector. */
static int stores_wrong(enum isa level, float *f)
{
	enum { C = 77, ROWS = N / C };
	uint16_t *zero = malloc(N * sizeof *zero), *y = malloc(N * sizeof *y);
	float mean[C] = { 0 }, scale[C], shift[C];
	for (int i = 0; i < C; i++) {
		scale[i] = 1;
		shift[i] = -0.0f;
	}
	for (int i = 0; i < N; i++)
		zero[i] = 0x8000;
	struct norm_block k = { .rows = ROWS, .c = C, .x = zero, .residual = f, .y = y, .bf16 = true };
	ISA_AT(norm_apply, level)(&k, &(struct norm_table){ mean, scale, shift });
	int wrong = 0;
	for (int i = 0; i < ROWS * C; i++)
		wrong += y[i] != f32_to_bf16(f[i]);
	free(zero);
	free(y);
	return wrong;
}

/* A relu of every bf16, and the gradient 1 behind it; infinities and NaN pass, as in torch. */
static int relus_wrong(enum isa level)
{
	uint16_t *x = malloc(HALVES * sizeof *x), *y = malloc(HALVES * sizeof *y);
	uint16_t *dy = malloc(HALVES * sizeof *dy), *dx = malloc(HALVES * sizeof *dx);
	for (int i = 0; i < HALVES; i++) {
		x[i] = (uint16_t)i;
		dy[i] = 0x3f80;
	}
	ISA_AT(relu_rows, level)(y, x, HALVES - 3, true);
	ISA_AT(relu_grad_rows, level)(dx, dy, x, HALVES - 3, false, true);
	int wrong = 0;
	for (int i = 0; i < HALVES - 3; i++) {
		float v = bf16_to_f32(x[i]);
		wrong += y[i] != (v < 0 ? 0 : narrow(v));
		wrong += dx[i] != (v <= 0 ? 0 : 0x3f80);
	}
	free(x);
	free(y);
	free(dy);
	free(dx);
	return wrong;
}

int main(void)
{
	float *f = malloc(N * sizeof *f);
	fill(f);
	ok(scalar_wrong(f) == 0, "rounds to the nearest, ties to even; below 2^-126 to zero; a NaN stays one");
	for (int level = ISA_BASE; level <= (int)isa_level(); level++) {
		const char *name = isa_name((enum isa)level);
		ok(stores_wrong((enum isa)level, f) == 0, "%s stores the same bits", name);
		ok(relus_wrong((enum isa)level) == 0, "%s cuts off and masks", name);
	}
	free(f);
	return tap_done();
}
