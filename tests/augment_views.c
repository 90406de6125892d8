/* Views for learning without labels: what is drawn, and the changes of colour that only they use. */
#include "augment/augment.h"
#include "base/rng.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { DRAWS = 10000 };

static struct arena arena;

static struct augment_plan plan_for(const struct augment_param *param, int64_t id, int view)
{
	struct augment_plan plan;
	struct sample s;
	sample_init(&s);
	s.id.number = id;
	s.view = view;
	arena_reset(&arena);
	if (augment_plan(&plan, param, &s, 500, 400, &arena) != 0)
		abort();
	return plan;
}

static const struct augment_step *find_step(const struct augment_plan *p, const char *name)
{
	for (int i = 0; i < p->n_steps; i++)
		if (strcmp(p->steps[i].op->name, name) == 0)
			return &p->steps[i];
	return NULL;
}

static void test_area(const char *scheme, double low)
{
	struct augment_param param = { .scheme = augment_scheme_find(scheme), .w = 64, .h = 64, .area_low = low, .area_high = 1 };
	double least = 1, most = 0, sum = 0, widest = 0, highest = 0;
	int mirrored = 0;
	for (int i = 0; i < DRAWS; i++) {
		struct augment_plan p = plan_for(&param, i, 0);
		double w = (double)p.valid_w / p.scaled_w, h = (double)p.valid_h / p.scaled_h, shape = w * 500 / (h * 400);
		least = fmin(least, w * h);
		most = fmax(most, w * h);
		sum += w * h;
		widest = fmax(widest, shape);
		highest = fmax(highest, 1 / shape);
		mirrored += p.mirror;
	}
	/* Whole pixels of the scaled image move the fractions by up to 2 percent. */
	ok(least > low * 0.96 && least < low * 1.1 && most > 0.95 && most <= 1, "-s%s shows %.3f to %.3f of the image", scheme, least, most);
	ok(widest < 1.37 && widest > 1.3 && highest < 1.37 && highest > 1.3, "1/%.2f to %.2f times as wide as high", highest, widest);
	is_near((double)mirrored / DRAWS, 0.5, 0.02, "half of them mirrored");
}

static void test_simclr(void)
{
	struct augment_param param = { .scheme = augment_scheme_find("simclr"), .w = 64, .h = 64, .area_low = 0.08, .area_high = 1,
				       .strength = 0.5, .blur = 0.3 };
	double low[5] = { 9, 9, 9, 9, 9 }, high[5] = { -9, -9, -9, -9, -9 };
	int distorted = 0, grey = 0, blurred = 0, first[4] = { 0 }, wrong = 0;
	static const char *const name[] = { "brightness", "contrast", "color", "hue", "blur" };
	for (int i = 0; i < DRAWS; i++) {
		struct augment_plan p = plan_for(&param, i, 0);
		bool has_hue = find_step(&p, "hue") != NULL;
		distorted += has_hue;
		for (int k = 0; k < 5; k++) {
			const struct augment_step *step = find_step(&p, name[k]);
			if (step == NULL || (k == 2 && !has_hue))
				continue;
			low[k] = fmin(low[k], step->value);
			high[k] = fmax(high[k], step->value);
			if (k < 4 && step == p.steps)
				first[k]++;
		}
		blurred += find_step(&p, "blur") != NULL;
		const struct augment_step *last = p.n_steps > 0 ? &p.steps[p.n_steps - 1] : NULL;
		if (last != NULL && strcmp(last->op->name, "blur") == 0)
			last = p.n_steps > 1 ? last - 1 : NULL;
		int rest = p.n_steps - 4 * has_hue - (find_step(&p, "blur") != NULL);
		grey += rest;
		wrong += rest < 0 || rest > 1 || (rest == 1 && (strcmp(last->op->name, "color") != 0 || last->value != 0));
	}
	is_near((double)distorted / DRAWS, 0.8, 0.02, "colours are distorted with probability 0.8");
	is_near((double)grey / DRAWS, 0.2, 0.02, "grey with 0.2");
	is_near((double)blurred / DRAWS, 0.3, 0.02, "blurred as asked for");
	is_int(wrong, 0, "grey and blur come last");
	for (int k = 0; k < 4; k++)
		is_near((double)first[k] / distorted, 0.25, 0.03, "each of the four comes first as often");
	for (int k = 0; k < 3; k++)
		ok(low[k] >= 0.6 && low[k] < 0.62 && high[k] <= 1.4 && high[k] > 1.38, "%s by %.2f to %.2f", name[k], low[k], high[k]);
	ok(low[3] >= -0.1 && low[3] < -0.09 && high[3] <= 0.1 && high[3] > 0.09, "hue by %.2f to %.2f", low[3], high[3]);
	ok(low[4] >= 0.1 && low[4] < 0.15 && high[4] <= 2 && high[4] > 1.95, "blur of %.2f to %.2f pixels", low[4], high[4]);
	int same = 0, repeated = 0;
	for (int i = 0; i < 100; i++) {
		struct augment_plan a = plan_for(&param, i, 0), b = plan_for(&param, i, 1), again = plan_for(&param, i, 0);
		same += a.x == b.x && a.y == b.y && a.scaled_w == b.scaled_w;
		repeated += a.x == again.x && a.scaled_w == again.scaled_w;
	}
	ok(same < 3 && repeated == 100, "the view is a part of the key");
}

/* Through HSV as textbooks have it, in double. */
static void naive_hue(int out[3], const uint8_t in[3], double turns)
{
	double r = in[0] / 255., g = in[1] / 255., b = in[2] / 255., v = fmax(r, fmax(g, b)), c = v - fmin(r, fmin(g, b)), h = 0;
	if (c > 0)
		h = v == r ? fmod((g - b) / c + 6, 6) : v == g ? (b - r) / c + 2 : (r - g) / c + 4;
	h = fmod(h / 6 + turns + 1, 1) * 6;
	double s = v > 0 ? c / v : 0, f = h - floor(h), p = v * (1 - s), q = v * (1 - s * f), t = v * (1 - s * (1 - f));
	const double table[6][3] = { { v, t, p }, { q, v, p }, { p, v, t }, { p, q, v }, { t, p, v }, { v, p, q } };
	for (int k = 0; k < 3; k++)
		out[k] = (int)(table[(int)h % 6][k] * 255 + 0.5);
}

static void change(struct tensor *t, enum image_change_kind kind, double factor)
{
	struct image_change c = { .kind = kind, .factor = (float)factor };
	struct image_region region = image_region_of(t);
	if (image_change_apply(&c, &region, &arena) != 0)
		abort();
}

static struct tensor noise(int w, int h, struct rng *g)
{
	struct tensor t;
	if (tensor_new(&t, &arena, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }) != 0)
		abort();
	for (int i = 0; i < w * h * 3; i++)
		((uint8_t *)t.data)[i] = (uint8_t)rng_below(g, 256);
	return t;
}

static void test_hue(void)
{
	struct rng g = rng_make(1);
	int worst = 0;
	for (int i = 0; i < 40; i++) {
		arena_reset(&arena);
		struct tensor t = noise(40, 20, &g), before = noise(40, 20, &g);
		double turns = i == 0 ? 0 : rng_uniform(&g) - 0.5;
		memcpy(before.data, t.data, tensor_bytes(&t));
		change(&t, IMAGE_HUE, turns);
		for (int k = 0; k < 40 * 20; k++) {
			int want[3];
			naive_hue(want, (uint8_t *)before.data + 3 * k, turns);
			for (int c = 0; c < 3; c++) {
				int off = abs(want[c] - ((uint8_t *)t.data)[3 * k + c]);
				worst = off > worst ? off : worst;
			}
		}
	}
	ok(worst <= 1, "hues are turned as through HSV, within %d", worst);
}

static void test_blur(void)
{
	struct rng g = rng_make(2);
	double worst = 0;
	for (int i = 0; i < 6; i++) {
		arena_reset(&arena);
		int w = 1 + (int)rng_below(&g, 50), h = 20 + (int)rng_below(&g, 60), radius = h / 10 / 2;
		struct tensor t = noise(w, h, &g), before = noise(w, h, &g);
		double sigma = 0.1 + 1.9 * rng_uniform(&g);
		memcpy(before.data, t.data, tensor_bytes(&t));
		change(&t, IMAGE_BLUR, sigma);
		for (int y = 0; y < h; y++)
			for (int x = 0; x < w * 3; x++) {
				double sum = 0, weights = 0;
				for (int v = -radius; v <= radius; v++)
					for (int u = -radius; u <= radius; u++) {
						int row = y + v, column = x / 3 + u;
						row = row < 0 ? -row : row >= h ? 2 * h - 2 - row : row;
						while (column < 0 || column >= w)
							column = w == 1 ? 0 : column < 0 ? -column : 2 * w - 2 - column;
						double weight = exp(-(u * u + v * v) / (2 * sigma * sigma));
						weights += weight;
						sum += weight * ((uint8_t *)before.data)[(row * w + column) * 3 + x % 3];
					}
				worst = fmax(worst, fabs(sum / weights - ((uint8_t *)t.data)[y * w * 3 + x]));
			}
	}
	ok(worst < 0.51, "blur is that of a Gaussian over both axes, rounded: within %.3f", worst);
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	test_area("crop", 0.08);
	test_area("mae", 0.2);
	test_simclr();
	test_hue();
	test_blur();
	arena_release(&arena);
	return tap_done();
}
