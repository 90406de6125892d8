/* What a scheme decides: sizes by hand, ranges of what is random, and what the randomness depends on. */
#include "augment/augment.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;

static struct augment_plan plan_for(const struct augment_param *param, const struct sample *s, int w, int h)
{
	struct augment_plan plan;
	if (augment_plan(&plan, param, s, w, h, &arena) != 0)
		abort();
	return plan;
}

static struct sample sample_numbered(int64_t number)
{
	struct sample s;
	sample_init(&s);
	s.id.number = number;
	return s;
}

static void test_fit(void)
{
	static const struct { int w, h, size_w, size_h, max; int want_w, want_h, out_w, out_h; } cases[] = {
		{ 640, 480, 320, 240, 0, 320, 240, 320, 240 },
		{ 480, 640, 320, 240, 0, 180, 240, 320, 240 },
		{ 500, 375, 640, 640, 0, 640, 480, 640, 640 },
		{ 333, 500, 100, 100, 0, 67, 100, 100, 100 },	/* 66.6 */
		{ 1000, 1, 100, 100, 0, 100, 1, 100, 100 },	/* 0.1 row is one row */
		{ 640, 480, 800, 800, 1333, 1067, 800, 1067, 800 },	/* 1066.7 */
		{ 480, 640, 800, 800, 1333, 800, 1067, 800, 1067 },
		{ 1000, 300, 800, 800, 1333, 1333, 400, 1333, 400 },	/* 2667 would be too long */
		{ 500, 500, 800, 800, 800, 800, 800, 800, 800 },
	};
	struct sample s = sample_numbered(1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct augment_param param = { .scheme = augment_scheme_find("eval"), .w = cases[i].size_w,
					       .h = cases[i].size_h, .max_size = cases[i].max };
		struct augment_plan p = plan_for(&param, &s, cases[i].w, cases[i].h);
		ok(p.scaled_w == cases[i].want_w && p.scaled_h == cases[i].want_h && p.valid_w == p.scaled_w &&
		   p.valid_h == p.scaled_h && p.out_w == cases[i].out_w && p.out_h == cases[i].out_h && p.x == 0 &&
		   p.y == 0 && !p.mirror, "%dx%d fits %dx%d max %d as %dx%d", cases[i].w, cases[i].h, cases[i].size_w,
		   cases[i].size_h, cases[i].max, p.scaled_w, p.scaled_h);
	}
}

static void test_jitter(void)
{
	enum { N = 4000, S = 300, W = 640, H = 427 };
	struct augment_param param = { .scheme = augment_scheme_find("1"), .w = S, .h = S, .jitter_low = 0.5,
				       .jitter_high = 2 };
	int mirrored = 0, wrong = 0, cut = 0;
	double lowest = 9, highest = 0, sum = 0, place = 0;
	for (int i = 0; i < N; i++) {
		struct sample s = sample_numbered(i);
		struct augment_plan p = plan_for(&param, &s, W, H);
		double factor = (double)p.scaled_w / S;	/* the width is what limits */
		int room_x = p.scaled_w > S ? p.scaled_w - S : 0, room_y = p.scaled_h > S ? p.scaled_h - S : 0;
		mirrored += p.mirror;
		lowest = fmin(lowest, factor);
		highest = fmax(highest, factor);
		sum += factor;
		wrong += abs(p.scaled_h - (int)(p.scaled_w * (double)H / W + 0.5)) > 0;
		wrong += p.x < 0 || p.x > room_x || p.y < 0 || p.y > room_y || p.out_w != S || p.out_h != S;
		wrong += p.valid_w != (p.scaled_w < S ? p.scaled_w : S) || p.valid_h != (p.scaled_h < S ? p.scaled_h : S);
		if (room_x > 50) {
			place += (p.x + 0.5) / room_x;
			cut++;
		}
	}
	is_int(wrong, 0, "jitter: aspect ratio, window and canvas");
	ok(lowest >= 0.5 && lowest < 0.51 && highest <= 2 && highest > 1.99, "factors fill 0.5 to 2: %.3f %.3f", lowest,
	   highest);
	is_near(sum / N, 1.25, 0.03, "their mean is in the middle");
	is_near(place / cut, 0.5, 0.03, "the cut is anywhere");
	is_near((double)mirrored / N, 0.5, 0.03, "half are mirrored");
}

static bool same_plan(const struct augment_param *param, const struct sample *a, const struct sample *b)
{
	struct augment_plan p = plan_for(param, a, 640, 480), q = plan_for(param, b, 640, 480);
	return memcmp(&p, &q, sizeof p) == 0;
}

static void test_key(void)
{
	struct augment_param param = { .scheme = augment_scheme_find("1"), .w = 320, .h = 320, .jitter_low = 0.1,
				       .jitter_high = 2, .seed = 5 };
	struct sample a = sample_numbered(17), b = a;
	b.seq = 1000;
	b.file_name = "elsewhere.jpg";
	ok(same_plan(&param, &a, &b), "place in the stream and file name do not matter");
	b = a;
	b.epoch = 1;
	ok(!same_plan(&param, &a, &b), "the epoch matters");
	b = a;
	b.source = "other";
	ok(!same_plan(&param, &a, &b), "the source matters");
	b = a;
	b.id.number = 18;
	ok(!same_plan(&param, &a, &b), "the id matters");
	b = a;
	b.id.text = "17";
	ok(!same_plan(&param, &a, &b), "the text 17 is not the number 17");
	struct augment_plan p = plan_for(&param, &a, 640, 480), q;
	param.seed = 6;
	q = plan_for(&param, &a, 640, 480);
	ok(memcmp(&p, &q, sizeof p) != 0, "the seed matters");
	int same = 0;
	for (int i = 0; i < 200; i++) {
		struct augment_param s0 = param;
		struct sample s = sample_numbered(i);
		s0.scheme = augment_scheme_find("0");
		same += plan_for(&param, &s, 640, 480).mirror == plan_for(&s0, &s, 640, 480).mirror;
	}
	is_int(same, 200, "policies 0 and 1 mirror the same images");
}

int main(void)
{
	struct augment_plan plan;
	struct sample s = sample_numbered(1);
	struct augment_param param = { .scheme = augment_scheme_find("eval"), .w = 1000, .max_size = 0, .h = 1000 };
	arena_init(&arena, 1 << 16);
	ok(augment_scheme_find("7") == NULL, "no such scheme");
	test_fit();
	test_jitter();
	test_key();
	param.w = 20000;
	ok(augment_plan(&plan, &param, &s, 10, 10, &arena) != 0, "too large: %s", err_get());
	arena_release(&arena);
	return tap_done();
}
