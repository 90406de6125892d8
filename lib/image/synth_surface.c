#include "image/synth.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

void synth_noise_init(struct synth_noise *noise, struct rng *rng)
{
	for (int y = 0; y < SYNTH_TILE; y++)
		for (int x = 0; x < SYNTH_TILE; x++)
			noise->value[y][x] = (float)rng_uniform(rng);
}

static float smooth(float t)
{
	return t * t * (3 - 2 * t);
}

static float noise_once(const struct synth_noise *noise, double x, double y)
{
	/* floor(), but for whole negative numbers, where the cell before with a weight of 1 is the same place. */
	int ix = (int)x - (x < 0), iy = (int)y - (y < 0);
	float fx = smooth((float)(x - ix)), fy = smooth((float)(y - iy));
	int x0 = ix & (SYNTH_TILE - 1), y0 = iy & (SYNTH_TILE - 1);
	int x1 = (x0 + 1) & (SYNTH_TILE - 1), y1 = (y0 + 1) & (SYNTH_TILE - 1);
	float top = noise->value[y0][x0] + fx * (noise->value[y0][x1] - noise->value[y0][x0]);
	float bottom = noise->value[y1][x0] + fx * (noise->value[y1][x1] - noise->value[y1][x0]);
	return top + fy * (bottom - top);
}

float synth_noise_at(const struct synth_noise *noise, double x, double y, int octaves)
{
	float sum = 0, weight = 0.5F, whole = 0;
	for (int i = 0; i < octaves; i++) {
		/* The shift keeps the lattices of the octaves from lying on each other. */
		sum += weight * noise_once(noise, x + 17.3 * i, y + 9.7 * i);
		whole += weight;
		weight /= 2;
		x *= 2;
		y *= 2;
	}
	return sum / whole;
}

/* Hue in turns, saturation and value in 0..1, as displayed; linear light is about their square. */
static struct synth_color from_hsv(double hue, double saturation, double value)
{
	struct synth_color color;
	for (int i = 0; i < 3; i++) {
		double k = fmod(5 - 2 * i + 6 * (hue - floor(hue)), 6);
		double part = fmin(k, 4 - k);
		part = part < 0 ? 0 : part > 1 ? 1 : part;
		double display = value - value * saturation * part;
		color.c[i] = (float)(display * display);
	}
	return color;
}

static double between(struct rng *rng, double low, double high)
{
	return low + (high - low) * rng_uniform(rng);
}

struct synth_surface synth_surface_make(struct rng *rng, double period_px, bool is_ground)
{
	double turn = between(rng, 0, 2 * pi), hue = rng_uniform(rng);
	struct synth_surface s = { .period_px = period_px, .cos_turn = cos(turn), .sin_turn = sin(turn),
		.pattern = (enum synth_pattern)rng_below(rng, SYNTH_PATTERNS) };
	s.offset[0] = between(rng, 0, SYNTH_TILE);
	s.offset[1] = between(rng, 0, SYNTH_TILE);
	if (is_ground) {
		double value = between(rng, 0.25, 0.8), saturation = between(rng, 0.05, 0.4);
		s.first = from_hsv(hue, saturation, value);
		s.second = from_hsv(hue + between(rng, -0.08, 0.08), saturation, value * between(rng, 0.72, 0.95));
		return s;
	}
	double value = between(rng, 0.55, 1), saturation = between(rng, 0.45, 0.95);
	s.first = from_hsv(hue, saturation, value);
	if (rng_uniform(rng) < 0.5)
		s.second = from_hsv(hue + between(rng, 0.08, 0.5), saturation * 0.8, between(rng, 0.5, 1));
	else
		s.second = from_hsv(hue, saturation * 0.5, value < 0.75 ? 0.97 : value * 0.55);
	return s;
}

/* 0 below -half, 1 above: a step a pixel wide. */
static float step_at(double x_px)
{
	double t = x_px + 0.5;
	return (float)(t < 0 ? 0 : t > 1 ? 1 : t);
}

/* 1 in the first half of every period, 0 in the second, with soft edges. */
static float wave(double x, double period)
{
	double t = x / period, from_middle = fabs(t - floor(t) - 0.5) * period;
	return 1 - step_at(from_middle - period / 4);
}

static float mix_of(const struct synth_surface *s, const struct synth_noise *noise, double x, double y)
{
	double p = s->period_px;
	switch (s->pattern) {
	case SYNTH_STRIPES:
		return wave(x, p);
	case SYNTH_CHECKS: {
		float a = wave(x, 2 * p), b = wave(y, 2 * p);
		return a + b - 2 * a * b;
	}
	case SYNTH_DOTS: {
		double u = x / p - floor(x / p) - 0.5, v = y / p - floor(y / p) - 0.5;
		return 1 - step_at((sqrt(u * u + v * v) - 0.3) * p);
	}
	case SYNTH_NOISE: {
		float n = synth_noise_at(noise, x * 2 / p + s->offset[0], y * 2 / p + s->offset[1], 3);
		return smooth(n < 0.3F ? 0 : n > 0.7F ? 1 : (n - 0.3F) / 0.4F);
	}
	case SYNTH_RAMP:
		return (float)(0.5 + 0.5 * sin(x / p));
	default:
		return 0;
	}
}

struct synth_color synth_surface_at(const struct synth_surface *s, const struct synth_noise *noise, double x, double y)
{
	float mix = mix_of(s, noise, s->cos_turn * x + s->sin_turn * y, s->cos_turn * y - s->sin_turn * x);
	struct synth_color color;
	for (int i = 0; i < 3; i++)
		color.c[i] = s->first.c[i] + mix * (s->second.c[i] - s->first.c[i]);
	return color;
}
