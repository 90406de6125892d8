/* Images and classes mixed in pairs. */
#include "augment/mixup.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { W = 13, H = 9, CLASSES = 4, DRAWS = 20000 };

static struct arena arena;

static struct sample make(int64_t id, int64_t label, struct rng *g)
{
	struct sample s;
	sample_init(&s);
	s.id.number = id;
	s.class_label = label;
	if (tensor_new(&s.pixels, &arena, DTYPE_U8, 3, (int64_t[]){ H, W, 3 }) != 0)
		abort();
	for (int i = 0; i < W * H * 3; i++)
		((uint8_t *)s.pixels.data)[i] = (uint8_t)rng_below(g, 256);
	return s;
}

static void test_beta(void)
{
	static const double alphas[] = { 0.001, 0.2, 0.8, 1, 5, 1000 };
	for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++) {
		struct rng g = rng_make(i);
		double sum = 0, squares = 0, a = alphas[i];
		int outside = 0;
		for (int k = 0; k < DRAWS; k++) {
			double x = mixup_beta(a, &g);
			outside += !(x >= 0 && x <= 1);
			sum += x;
			squares += x * x;
		}
		double mean = sum / DRAWS, variance = squares / DRAWS - mean * mean, want = 1 / (4 * (2 * a + 1));
		ok(outside == 0 && fabs(mean - 0.5) < 0.01 && fabs(variance / want - 1) < 0.05,
		   "Beta(%g, %g): mean %.3f, variance %.4g where %.4g is right", a, a, mean, variance, want);
	}
}

static double score(const struct sample *s, int k)
{
	return (double)((const float *)s->class_scores.data)[k];
}

static void test_mixup(void)
{
	struct rng g = rng_make(1);
	struct mixup_param param = { .mixup = 1, .probability = 1, .smoothing = 0.1 };
	double worst = 0, worst_score = 0;
	for (int i = 0; i < 200; i++) {
		struct sample in[2], out[2];
		arena_reset(&arena);
		in[0] = make(i, i % 4, &g);
		in[1] = make(1000 + i, (i + 1) % 3, &g);
		struct mixup_draw d = mixup_draw(&param, &in[0], W, H);
		if (mixup_pair(out, in, CLASSES, &param, &arena) != 0)
			abort();
		for (int k = 0; k < 2; k++) {
			for (int at = 0; at < W * H * 3; at++) {
				double x = ((uint8_t *)in[k].pixels.data)[at], y = ((uint8_t *)in[1 - k].pixels.data)[at];
				worst = fmax(worst, fabs(d.share * x + (1 - d.share) * y - ((uint8_t *)out[k].pixels.data)[at]));
			}
			for (int c = 0; c < CLASSES; c++) {
				double want = 0.9 * (d.share * (c == in[k].class_label) + (1 - d.share) * (c == in[1 - k].class_label)) + 0.1 / CLASSES;
				worst_score = fmax(worst_score, fabs(want - score(&out[k], c)));
			}
		}
	}
	ok(worst < 0.51, "pixels are mixed in the share that was drawn: within %.3f", worst);
	ok(worst_score < 1e-6, "so are classes, smoothed: within %.1e", worst_score);
}

static void test_cutmix(void)
{
	struct rng g = rng_make(2);
	struct mixup_param param = { .cutmix = 1, .probability = 1 };
	int wrong = 0, uneven = 0;
	double sum = 0;
	for (int i = 0; i < 400; i++) {
		struct sample in[2], out[2];
		arena_reset(&arena);
		in[0] = make(i, 0, &g);
		in[1] = make(1000 + i, 1, &g);
		memset(in[0].pixels.data, 10, W * H * 3);
		memset(in[1].pixels.data, 20, W * H * 3);
		if (mixup_pair(out, in, CLASSES, &param, &arena) != 0)
			abort();
		int other = 0;
		const uint8_t *a = out[0].pixels.data, *b = out[1].pixels.data;
		for (int at = 0; at < W * H * 3; at++) {
			wrong += a[at] + b[at] != 30 || (a[at] != 10 && a[at] != 20);
			other += a[at] == 20;
		}
		double share = 1 - (double)other / (W * H * 3);
		uneven += fabs(score(&out[0], 0) - share) > 1e-6 || fabs(score(&out[0], 1) - (1 - share)) > 1e-6 ||
			fabs(score(&out[1], 1) - share) > 1e-6 || out[0].class_label != -1;
		sum += share;
	}
	is_int(wrong, 0, "every pixel comes from one of the two, and from the other one in the other");
	is_int(uneven, 0, "classes have the share of the pixels that were put in");
	ok(sum / 400 > 0.5 && sum / 400 < 0.7, "what lies outside of the image is not counted: %.2f stay on average", sum / 400);
}

static void test_draws(void)
{
	struct rng g = rng_make(3);
	struct mixup_param param = { .mixup = 0.8, .cutmix = 1, .probability = 0.7, .swap = 0.3 };
	struct sample s = make(0, 0, &g);
	int mixed = 0, cut = 0;
	for (int i = 0; i < DRAWS; i++) {
		s.id.number = i;
		struct mixup_draw d = mixup_draw(&param, &s, W, H);
		mixed += d.mixed;
		cut += d.mixed && d.cut;
	}
	is_near((double)mixed / DRAWS, 0.7, 0.015, "pairs are mixed as often as asked for");
	is_near((double)cut / mixed, 0.3, 0.015, "and cut");
	param.probability = 0;
	struct sample in[2] = { make(1, 0, &g), make(2, 1, &g) }, out[2];
	ok(mixup_pair(out, in, CLASSES, &param, &arena) == 0 && out[0].pixels.data == in[0].pixels.data &&
	   out[0].class_scores.data == NULL && out[1].class_label == 1, "what is not mixed stays as it is");
}

static void test_bad(void)
{
	struct rng g = rng_make(4);
	struct mixup_param param = { .mixup = 1, .probability = 1 };
	struct sample good[2] = { make(1, 0, &g), make(2, 1, &g) }, in[2], out[2];
	memcpy(in, good, sizeof in);
	in[1].class_label = -1;
	ok(mixup_pair(out, in, CLASSES, &param, &arena) != 0, "no class: %s", err_get());
	memcpy(in, good, sizeof in);
	in[1].n = 1;
	ok(mixup_pair(out, in, CLASSES, &param, &arena) != 0, "objects: %s", err_get());
	memcpy(in, good, sizeof in);
	in[0].valid_w = W - 1;
	ok(mixup_pair(out, in, CLASSES, &param, &arena) != 0, "padding: %s", err_get());
	memcpy(in, good, sizeof in);
	in[0].pixels.dim[0] = H - 1;
	ok(mixup_pair(out, in, CLASSES, &param, &arena) != 0, "sizes: %s", err_get());
	in[0].pixels.data = NULL;
	ok(mixup_pair(out, in, CLASSES, &param, &arena) != 0, "no pixels: %s", err_get());
}

int main(void)
{
	arena_init(&arena, 1 << 18);
	test_beta();
	test_mixup();
	test_cutmix();
	test_draws();
	test_bad();
	arena_release(&arena);
	return tap_done();
}
