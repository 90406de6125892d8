/* Rules: their text, the published lists, and how often what is drawn. */
#include "augment/rules.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 10000 };

static struct arena arena, scratch;

static struct augment_rules parse(const char *text)
{
	struct augment_rules rules;
	if (augment_rules_parse(&rules, text, &augment_scale_detection, &arena) != 0) {
		printf("# %s\n", err_get());
		abort();
	}
	return rules;
}

/* The share p of n draws is within five deviations of what it should be. */
static bool fits(int64_t count, int64_t n, double p)
{
	return fabs((double)count - p * (double)n) <= 5 * sqrt(p * (1 - p) * (double)n) + 1e-9;
}

struct tally {
	int64_t n[64], positive[64];	/* by index of the operation in augment_ops */
	int64_t steps, order_wrong;
};

static int index_of(const struct augment_op *op)
{
	int i = 0;
	while (augment_ops[i] != op)
		i++;
	return i;
}

static struct sample objects(int64_t n, const uint8_t *iscrowd)
{
	static float boxes[64];
	static int32_t labels[16];
	struct sample s;
	sample_init(&s);
	s.n = n;
	s.boxes = boxes;
	s.labels = labels;
	s.iscrowd = iscrowd;
	return s;
}

static struct tally draw_many(const struct augment_rules *rules, const struct sample *s)
{
	struct tally t = { 0 };
	for (uint64_t i = 0; i < DRAWS; i++) {
		const struct augment_step *steps;
		int n;
		struct rng g = rng_make(rng_mix(7, i));
		arena_reset(&scratch);
		if (augment_rules_draw(&steps, &n, rules, s, &g, &scratch) != 0)
			abort();
		t.steps += n;
		for (int k = 0; k < n; k++) {
			int at = index_of(steps[k].op);
			t.n[at]++;
			t.positive[at] += steps[k].value > 0;
		}
	}
	return t;
}

static int64_t times(const struct tally *t, const char *name)
{
	return t->n[index_of(augment_op_find(name, strlen(name)))];
}

static int64_t positive(const struct tally *t, const char *name)
{
	return t->positive[index_of(augment_op_find(name, strlen(name)))];
}

static void test_text(void)
{
	static const char *const same[][2] = {
		{ "rotate:.6:10 , color:1:6.0|cutout:0.80:8", "rotate:0.6:10,color:1:6|cutout:0.8:8" },
		{ "# first\n\n  equalize:1\n\n invert : 0.5 # twice\r\n,", NULL },
		{ "equalize:1:3|\nautocontrast:0", "equalize:1|autocontrast:0" },
		{ "\n\nshear-x-boxes:1:30\n", "shear-x-boxes:1:30" },
		{ "rotate:.00001:0.0000000000001,color:0:30.0", "rotate:0.00001:0,color:0:30" },
		{ "", NULL }, { "|", NULL }, { "rotate:1:5|", NULL }, { "rotate", NULL }, { "rotate:1", NULL },
		{ "rotate:1:5:2", NULL }, { "rotate:-1:5", NULL }, { "rotate:1:5 color:1:5", NULL }, { "equalize:1:", NULL },
		{ "rotate:1.0.0:5", NULL }, { "rotate:.:5", NULL }, { "ROTATE:1:5", NULL },
	};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		struct augment_rules rules;
		int status = augment_rules_parse(&rules, same[i][0], &augment_scale_detection, &arena);
		if (same[i][1] == NULL)
			ok(status != 0 && strstr(err_get(), "column") != NULL, "%s", err_get());
		else
			is_text(status == 0 ? augment_rules_text(&rules, &arena) : err_get(), same[i][1], same[i][1]);
	}
}

/* Numbers of rules and operations as published, and that their text comes back. */
static void test_published(void)
{
	static const struct { const struct augment_published *list; const char *name; int rules, ops; } want[] = {
		{ augment_auto_detection, "v0", 5, 10 }, { augment_auto_detection, "v1", 20, 40 },
		{ augment_auto_detection, "v2", 15, 44 }, { augment_auto_detection, "v3", 15, 30 },
		{ augment_auto_classification, "v0", 25, 50 },
	};
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		const struct augment_published *list = want[i].list;
		while (strcmp(list->name, want[i].name) != 0)
			list++;
		struct augment_rules rules = parse(list->text), again = parse(augment_rules_text(&rules, &arena));
		int ops = 0, differ = 0;
		for (int r = 0; r < rules.n; r++)
			for (int k = 0; k < rules.rule[r].n; k++, ops++)
				differ += rules.rule[r].choice[k].op != again.rule[r].choice[k].op ||
					  rules.rule[r].choice[k].level != again.rule[r].choice[k].level ||
					  rules.rule[r].choice[k].probability != again.rule[r].choice[k].probability;
		ok(rules.n == want[i].rules && ops == want[i].ops && differ == 0, "%s: %d rules, %d operations",
		   want[i].name, rules.n, ops);
	}
}

/* Magnitudes of AutoAugment v0, worked out by hand from the paper's constants. */
static void test_values(void)
{
	static const struct { const char *name; double level, value; } want[] = {
		{ "rotate", 10, 30 }, { "rotate", 6, 18 }, { "shear-x", 4, 0.12 }, { "shear-y", 2, 0.06 }, { "shear-x", 0, 0 },
		{ "translate-x", 4, 100 }, { "translate-y", 8, 200 }, { "translate-y-boxes", 6, 72 }, { "color", 6, 1.18 },
		{ "color", 0, 0.1 }, { "contrast", 10, 1.9 }, { "brightness", 5, 1 }, { "sharpness", 8, 1.54 },
		{ "posterize", 2, 0 }, { "posterize", 6, 2 }, { "posterize", 10, 4 }, { "solarize", 10, 256 },
		{ "solarize", 3, 76 }, { "solarize-add", 10, 110 }, { "solarize-add", 3, 33 }, { "cutout", 8, 80 },
		{ "cutout-boxes", 6, 30 }, { "bbox-cutout", 4, 0.3 }, { "rotate", 15, 45 },
	};
	int wrong = 0;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		const struct augment_op *op = augment_op_find(want[i].name, strlen(want[i].name));
		double value = op->value(want[i].level, &augment_scale_detection);
		wrong += fabs(value - want[i].value) > 1e-12;
		if (fabs(value - want[i].value) > 1e-12)
			printf("# %s at %g: %.17g\n", want[i].name, want[i].level, value);
	}
	is_int(wrong, 0, "values of magnitudes");
}

static void test_auto(void)
{
	struct augment_rules rules = parse(augment_auto_detection[0].text);
	struct sample s = objects(6, NULL);
	struct tally t = draw_many(&rules, &s);
	double twice_missed = pow(1 - 0.2 / 3, 6), six_missed = pow(1 - 0.6 / 3, 6);
	ok(fits(times(&t, "translate-x"), DRAWS, 0.6 / 5), "v0: translate-x %lld", (long long)times(&t, "translate-x"));
	ok(fits(times(&t, "equalize"), DRAWS, 0.8 / 5), "v0: equalize %lld", (long long)times(&t, "equalize"));
	ok(fits(times(&t, "cutout"), DRAWS, 0.8 / 5), "v0: cutout %lld", (long long)times(&t, "cutout"));
	ok(fits(times(&t, "shear-x"), DRAWS, 0.4 / 5), "v0: shear-x %lld", (long long)times(&t, "shear-x"));
	ok(fits(times(&t, "shear-y"), DRAWS, 1 / 5.0), "v0: shear-y %lld", (long long)times(&t, "shear-y"));
	ok(fits(times(&t, "rotate"), DRAWS, 0.6 / 5), "v0: rotate %lld", (long long)times(&t, "rotate"));
	ok(times(&t, "color") > 0 && fits(times(&t, "color"), DRAWS, 1 / 5.0), "v0: color %lld", (long long)times(&t, "color"));
	is_int(times(&t, "sharpness"), 0, "v0: sharpness has probability 0");
	ok(fits(times(&t, "translate-y-boxes"), DRAWS, (1 - twice_missed + 1 - six_missed) / 5),
	   "v0: translate-y-boxes in any of six boxes %lld", (long long)times(&t, "translate-y-boxes"));
	for (int i = 0; i < 4; i++) {
		const char *const name[] = { "translate-x", "shear-y", "rotate", "translate-y-boxes" };
		ok(fits(positive(&t, name[i]), times(&t, name[i]), 0.5), "%s goes to either side", name[i]);
	}
}

static void test_random(void)
{
	struct sample s = objects(0, NULL);
	struct augment_rules rules;
	const struct augment_op *const *const list[] = { augment_random_detection, augment_random_classification };
	const int want[] = { 10, 16 };
	for (int i = 0; i < 2; i++) {
		if (augment_rules_random(&rules, list[i], 3, 10, &augment_scale_random, &arena) != 0)
			abort();
		struct tally t = draw_many(&rules, &s);
		int kinds = 0, off = 0;
		for (int k = 0; augment_ops[k] != NULL; k++) {
			kinds += t.n[k] > 0;
			off += t.n[k] > 0 && !fits(t.n[k], 3 * DRAWS, 1.0 / want[i]);
		}
		ok(kinds == want[i] && off == 0 && t.steps == 3 * DRAWS, "RandAugment: %d operations, each as often, always three",
		   kinds);
	}
}

/* Each box for itself, with a third of the probability; crowds never; any order. */
static void test_boxes(void)
{
	enum { N = 5 };
	const uint8_t crowd[N] = { 0, 0, 1, 0, 0 };
	struct sample s = objects(N, crowd);
	struct augment_rules rules = parse("rotate-boxes:0.9:5,bbox-cutout:0.5:4");
	int64_t hit[N] = { 0 }, one[N] = { 0 }, pairs = 0, swapped = 0, ones = 0;
	double x = 0, y = 0;
	for (uint64_t i = 0; i < DRAWS; i++) {
		const struct augment_step *steps;
		int n;
		struct rng g = rng_make(rng_mix(3, i));
		arena_reset(&scratch);
		if (augment_rules_draw(&steps, &n, &rules, &s, &g, &scratch) != 0)
			abort();
		for (int k = 0; k < n; k++) {
			bool each = steps[k].op->where == AUGMENT_EACH_BOX;
			for (int b = 0; b < steps[k].n_spots; b++)
				(each ? hit : one)[steps[k].spot[b].object]++;
			pairs += each && steps[k].n_spots == 2;
			swapped += each && steps[k].n_spots == 2 && steps[k].spot[0].object > steps[k].spot[1].object;
			if (each)
				continue;
			ones++;
			x += steps[k].spot->at[0];
			y += steps[k].spot->at[1];
		}
	}
	ok(hit[2] == 0 && one[2] == 0, "a crowd is no box");
	ok(fits(hit[0], DRAWS, 0.3) && fits(hit[1], DRAWS, 0.3) && fits(hit[3], DRAWS, 0.3) && fits(hit[4], DRAWS, 0.3),
	   "each box with a third of 0.9: %lld %lld", (long long)hit[0], (long long)hit[4]);
	ok(fits(swapped, pairs, 0.5), "boxes come in any order");
	ok(fits(ones, DRAWS, 0.5) && fits(one[0], ones, 0.25) && fits(one[4], ones, 0.25), "bbox-cutout takes one of four");
	is_near(x / (double)ones, 0.5, 0.02, "its place is anywhere");
	is_near(y / (double)ones, 0.5, 0.02, "in both directions");
	s = objects(0, NULL);
	struct tally t = draw_many(&rules, &s);
	is_int(t.steps, 0, "without boxes nothing is drawn");
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	arena_init(&scratch, 1 << 16);
	test_text();
	test_published();
	test_values();
	test_auto();
	test_random();
	test_boxes();
	arena_release(&arena);
	arena_release(&scratch);
	return tap_done();
}
