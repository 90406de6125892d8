/* The schedule against values worked out by hand and torch's formulas, and its messages. */
#include "nn/schedule_detectron.h"
#include "tests/tap.h"

static struct schedule made(const struct schedule_spec *spec, int64_t total, const char *name)
{
	struct schedule s = { 0 };
	int status = schedule_make(&s, spec, total);
	ok(status == 0, "%s is accepted", name);
	if (status != 0)
		printf("# %s\n", err_get());
	return s;
}

static void check_warmup(void)
{
	struct schedule_spec spec = { .lr = 0.02, .warmup = 4, .warmup_factor = 0.25, .decay = "constant", .gamma = 0.1 };
	struct schedule s = made(&spec, 10, "a warm-up");
	/* torch.optim.lr_scheduler.LinearLR(start_factor=0.25, total_iters=4) */
	const double want[] = { 0.005, 0.00875, 0.0125, 0.01625, 0.02, 0.02 };
	for (int i = 0; i < 6; i++)
		is_near(schedule_lr(&s, i), want[i], 1e-15, "linear warm-up");
	is_near(schedule_lr(&s, 9), 0.02, 0, "constant afterwards");
}

static void check_drops(void)
{
	struct schedule_spec spec = { .lr = 1, .decay = "0.8,0.95", .gamma = 0.1 };
	struct schedule s = made(&spec, 1000, "fractions");
	is_near(schedule_lr(&s, 0), 1, 0, "no warm-up");
	is_near(schedule_lr(&s, 799), 1, 0, "before the first drop");
	/* torch.optim.lr_scheduler.MultiStepLR: the milestone itself has the lower rate */
	is_near(schedule_lr(&s, 800), 0.1, 1e-16, "first drop");
	is_near(schedule_lr(&s, 949), 0.1, 1e-16, "before the second drop");
	is_near(schedule_lr(&s, 950), 0.01, 1e-16, "second drop");
	spec = (struct schedule_spec){ .lr = 2, .warmup = 10, .warmup_factor = 0.5, .decay = "5,60000", .gamma = 0.5 };
	s = made(&spec, 90000, "steps");
	is_near(schedule_lr(&s, 4), 2 * 0.7, 1e-15, "warm-up before a drop");
	is_near(schedule_lr(&s, 5), 2 * 0.75 * 0.5, 1e-15, "a drop during warm-up multiplies");
	is_near(schedule_lr(&s, 59999), 1, 0, "before the second step");
	is_near(schedule_lr(&s, 60000), 0.5, 0, "the second step");
	spec.decay = "1";
	s = made(&spec, 10, "a drop at the first step that can");
	is_near(schedule_lr(&s, 1), 2 * 0.55 * 0.5, 1e-15, "it drops at step 1");
}

static void check_cosine(void)
{
	struct schedule_spec spec = { .lr = 0.32, .decay = "cosine", .gamma = 1 };
	struct schedule s = made(&spec, 10, "a cosine");
	/* torch.optim.lr_scheduler.CosineAnnealingLR(T_max=10), closed form */
	is_near(schedule_lr(&s, 0), 0.32, 0, "begins at lr");
	is_near(schedule_lr(&s, 3), 0.16 * (1 + 0.58778525229247314), 1e-15, "after 3 of 10 steps");
	is_near(schedule_lr(&s, 5), 0.16, 1e-15, "half way");
	is_near(schedule_lr(&s, 10), 0, 0, "ends at 0");
	spec.warmup = 2;
	spec.warmup_factor = 0;
	s = made(&spec, 10, "a cosine after a warm-up");
	is_near(schedule_lr(&s, 0), 0, 0, "warm-up from 0");
	is_near(schedule_lr(&s, 2), 0.32, 0, "the cosine begins where the warm-up ends");
	is_near(schedule_lr(&s, 6), 0.16, 1e-15, "half of the rest");
	spec.warmup = 10;
	s = made(&spec, 10, "a run that is all warm-up");
	is_near(schedule_lr(&s, 10), 0, 0, "nothing is left for the cosine");
}

static void refused(struct schedule_spec spec, int64_t total, const char *part)
{
	struct schedule s;
	int status = schedule_make(&s, &spec, total);
	if (!ok(status == -1 && strstr(err_get(), part) != NULL, "'%s' is refused: %s", spec.decay, part))
		printf("# status %d, message '%s'\n", status, err_get());
}

/* Detectron's own numbers on COCO, and what they come to elsewhere. */
static void check_detectron(void)
{
	static const struct { int times; int64_t images, batch, steps, drop[2], warmup; double lr; } cases[] = {
		{ 1, 118287, 16, 90000, { 60000, 80000 }, 500, 0.02 },
		{ 2, 118287, 16, 180000, { 120000, 160000 }, 500, 0.02 },
		{ 3, 118287, 16, 270000, { 210000, 250000 }, 500, 0.02 },
		{ 9, 118287, 16, 810000, { 750000, 790000 }, 500, 0.02 },
		{ 1, 118287, 8, 180000, { 120000, 160000 }, 500, 0.01 },
		/* 24.348 epochs of 364 images: 8862.5 of them, 1107.8 steps; 2/3 and 8/9 of these */
		{ 2, 364, 8, 1108, { 739, 985 }, 110, 0.01 },
	};
	struct schedule_detectron s;
	int times = 0;
	for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
		ok(schedule_detectron_make(&s, cases[i].times, cases[i].images, cases[i].batch, 0.02) == 0, "%dx of %lld images by %lld",
		   cases[i].times, (long long)cases[i].images, (long long)cases[i].batch);
		is_int(s.steps, cases[i].steps, "steps");
		is_int(s.drop[0], cases[i].drop[0], "the first drop");
		is_int(s.drop[1], cases[i].drop[1], "the second drop");
		is_int(s.warmup, cases[i].warmup, "warm-up");
		is_near(s.lr, cases[i].lr, 1e-15, "the rate goes with the batch");
	}
	is_near(s.epochs, 2 * 90000 * 16 / 118287.0, 1e-12, "epochs");
	ok(schedule_detectron_make(&s, 1, 4, 16, 0.02) == -1 && strstr(err_get(), "too few for its two drops") != NULL, "a run too short");
	ok(schedule_detectron_parse(&times, "7x") == 0 && times == 7, "7x");
	static const char *const bad[] = { "", "x", "0x", "10x", "2", "2X", "2x ", "-1x", "1.5x" };
	for (int i = 0; i < (int)(sizeof bad / sizeof *bad); i++)
		ok(schedule_detectron_parse(&times, bad[i]) == -1, "'%s' is none", bad[i]);
}

int main(void)
{
	const struct schedule_spec good = { .lr = 0.1, .decay = "constant", .gamma = 0.1 };
	check_warmup();
	check_drops();
	check_cosine();
	struct { const char *decay, *part; } bad[] = {
		{ "", "empty" }, { "linear", "'linear' is neither" }, { "0.8,", "nothing after the last comma" },
		{ ",0.8", "'' is neither" }, { "0.8,x", "'x' is neither" }, { "0.9,0.8", "must rise" },
		{ "0.8,900", "cannot be mixed" }, { "1.5", "not between 0 and 1" }, { "0", "can drop is 1" },
		{ "-5", "'-5' is neither" }, { "1e3", "'1e3' is neither" }, { "0.1.2", "'0.1.2' is neither" },
		{ "99999999999999999999", "is neither" }, { " 5", "' 5' is neither" },
		{ "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "more than 16" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct schedule_spec spec = good;
		spec.decay = bad[i].decay;
		refused(spec, 1000, bad[i].part);
	}
	struct schedule_spec spec = good;
	refused(spec, 0, "a run of 0 steps");
	spec.lr = 0;
	refused(spec, 10, "learning rate 0");
	spec.lr = NAN;
	refused(spec, 10, "learning rate");
	spec = good;
	spec.warmup = 11;
	refused(spec, 10, "warm-up of 11 steps");
	spec = good;
	spec.warmup_factor = 1.5;
	refused(spec, 10, "factor 1.5");
	spec = good;
	spec.gamma = 0;
	refused(spec, 10, "gamma 0");
	check_detectron();
	return tap_done();
}
