#include "base/isa.h"
#include "detect/focal_kernel.h"
#include "tensor/tensor.h"

#include <string.h>

/* Logits at a time: what is between the loops stays in the first-level cache. LANES partial sums keep the order fixed. */
enum { BLOCK = 1024, LANES = 16 };

/* exp(-a) for a in [0, 87]; relative error below 2e-7. */
static inline float exp_minus(float a)
{
	const float log2_e = 1.44269504f;
	/* ln 2 in two parts; the first has so few bits that its product with a small integer is exact. */
	const float ln2_high = 0.693145752f, ln2_low = 1.42860677e-6f;
	const float round_bias = 12582912.0f;	/* 1.5 * 2^23: adding it rounds to an integer in the low bits */
	union { float f; int32_t i; } shifted = { .f = round_bias - a * log2_e };
	float k = shifted.f - round_bias;
	float r = (-a - k * ln2_high) - k * ln2_low;
	/* Chebyshev fit of (exp(r) - 1 - r) / r^2 on +-ln(2)/2. */
	float p = 1.39261759e-3f;
	p = p * r + 8.36317334e-3f;
	p = p * r + 4.16665561e-2f;
	p = p * r + 1.66665778e-1f;
	p = p * r + 0.5f;
	p = p * (r * r) + r + 1.0f;
	union { int32_t i; float f; } power = { .i = (int32_t)((uint32_t)(shifted.i - 0x4b400000 + 127) << 23) };
	return p * power.f;
}

/* log(1 + e) for e in [0, 1] = 2 artanh(e / (2 + e)); relative error below 2e-7. */
static inline float log_one_plus(float e)
{
	float s = e / (2.0f + e), z = s * s;
	/* Chebyshev fit of (artanh(s) / s - 1) / s^2 in z = s^2 on [0, 1/9]. */
	float p = 0.134257495f;
	p = p * z + 0.141183093f;
	p = p * z + 0.200037807f;
	p = p * z + 0.333333194f;
	return 2.0f * (s + s * (z * p));
}

struct sigmoid {
	float p, q;	/* sigmoid(x) and sigmoid(-x), each to full relative accuracy */
	float softplus;	/* log(1 + exp(x)) */
	float softplus_minus;	/* log(1 + exp(-x)) */
};

static inline struct sigmoid sigmoid(float x)
{
	float a = x < 0.0f ? -x : x;
	float e = exp_minus(a > 87.0f ? 87.0f : a), inverse = 1.0f / (1.0f + e), rest = log_one_plus(e);
	return (struct sigmoid){
		.p = x < 0.0f ? e * inverse : inverse,
		.q = x < 0.0f ? inverse : e * inverse,
		.softplus = (x < 0.0f ? 0.0f : x) + rest,
		.softplus_minus = (x < 0.0f ? -x : 0.0f) + rest,
	};
}

static inline void focal_block(float *restrict loss, float *restrict dx, const float *restrict x, int n, float gamma,
			       float grad_scale)
{
	if (gamma == 2.0f) {
		for (int i = 0; i < n; i++) {
			struct sigmoid s = sigmoid(x[i]);
			float modulation = s.p * s.p;
			loss[i] = modulation * s.softplus;
			dx[i] = grad_scale * modulation * (2.0f * s.q * s.softplus + s.p);
		}
		return;
	}
	for (int i = 0; i < n; i++) {
		struct sigmoid s = sigmoid(x[i]);
		float exponent = gamma * s.softplus_minus;
		float modulation = exp_minus(exponent > 87.0f ? 87.0f : exponent);
		loss[i] = modulation * s.softplus;
		dx[i] = grad_scale * modulation * (gamma * s.q * s.softplus + s.p);
	}
}

/* LANES running sums; the caller adds them up at the end. */
static inline void add_block(double lane[LANES], const float *loss, int n)
{
	int i = 0;
	for (; i + LANES <= n; i += LANES)
		for (int l = 0; l < LANES; l++)
			lane[l] += (double)loss[i + l];
	for (int l = 0; i + l < n; l++)
		lane[l] += (double)loss[i + l];
}

static inline double add_lanes(const double lane[LANES])
{
	double sum = 0.0;
	for (int l = 0; l < LANES; l++)
		sum += lane[l];
	return sum;
}

double ISA_NAME(focal_background_f32)(float *dx, const float *x, int64_t n, float gamma, float grad_scale)
{
	double lane[LANES] = { 0.0 };
	float loss[BLOCK], gradient[BLOCK];
	for (int64_t i = 0; i < n; i += BLOCK) {
		int m = n - i < BLOCK ? (int)(n - i) : BLOCK;
		focal_block(loss, gradient, x + i, m, gamma, grad_scale);
		memcpy(dx + i, gradient, (size_t)m * sizeof *dx);
		add_block(lane, loss, m);
	}
	return add_lanes(lane);
}

double ISA_NAME(focal_background_bf16)(uint16_t *dx, const uint16_t *x, int64_t n, float gamma, float grad_scale)
{
	double lane[LANES] = { 0.0 };
	float loss[BLOCK], gradient[BLOCK], wide[BLOCK];
	for (int64_t i = 0; i < n; i += BLOCK) {
		int m = n - i < BLOCK ? (int)(n - i) : BLOCK;
		for (int j = 0; j < m; j++)
			wide[j] = bf16_to_f32(x[i + j]);
		focal_block(loss, gradient, wide, m, gamma, grad_scale);
		for (int j = 0; j < m; j++)
			dx[i + j] = f32_to_bf16(gradient[j]);
		add_block(lane, loss, m);
	}
	return add_lanes(lane);
}
