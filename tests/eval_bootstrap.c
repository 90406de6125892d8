/* Draws of images: the same figures as evaluating each drawn data set anew, with its images copied; any number of threads. */
#include "base/rng.h"
#include "eval/eval_bootstrap.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { IMAGES = 12, CLASSES = 3, GT = 60, DT = 200, ROUNDS = 40, MOST = 40 * (GT + DT) };

static struct eval_object gt[GT], dt[DT], other[DT], copies_gt[MOST], copies_dt[MOST];

static struct eval_object some_object(struct rng *g, int score_rank)
{
	struct eval_object o = { .image = (int32_t)rng_below(g, IMAGES), .category = (int32_t)rng_below(g, CLASSES) };
	for (int i = 0; i < 4; i++)
		o.box[i] = (double)(1 + rng_below(g, 12)) * (i < 2 ? 10 : 15);
	o.area = o.box[2] * o.box[3];
	/* No two scores are equal, so that copies of an image may come in any order. */
	o.score = 1.0 / (1 + score_rank);
	return o;
}

static void shake(struct eval_object *x, struct rng *g)
{
	for (int i = 0; i < DT; i++) {
		if (rng_below(g, 3) > 0) {
			const struct eval_object *like = &gt[rng_below(g, GT)];
			x[i].image = like->image;
			x[i].category = like->category;
			for (int j = 0; j < 4; j++)
				x[i].box[j] = like->box[j] + (double)rng_below(g, 3) * 4;
			x[i].area = x[i].box[2] * x[i].box[3];
		}
	}
}

static void make_data(void)
{
	struct rng g = rng_make(7);
	for (int i = 0; i < GT; i++) {
		gt[i] = some_object(&g, 0);
		gt[i].crowd = rng_below(&g, 12) == 0;
	}
	for (int i = 0; i < DT; i++) {
		dt[i] = some_object(&g, i);
		other[i] = some_object(&g, (i * 7) % DT);
	}
	shake(dt, &g);
	shake(other, &g);
}

/* The images drawn in a round, as the header of eval_bootstrap describes it. */
static void draw(int drawn[IMAGES], uint64_t seed, uint64_t round)
{
	struct rng g = rng_make(rng_mix(rng_mix_text(seed, "bootstrap"), round));
	for (int i = 0; i < IMAGES; i++)
		drawn[i] = (int)rng_below(&g, IMAGES);
}

static int64_t copy_objects(struct eval_object *to, const struct eval_object *x, int n, const int drawn[IMAGES])
{
	int64_t count = 0;
	for (int place = 0; place < IMAGES; place++)
		for (int i = 0; i < n; i++)
			if (x[i].image == drawn[place]) {
				to[count] = x[i];
				to[count++].image = place;
			}
	return count;
}

static struct eval_input input_of(const struct eval_object *x, int threads)
{
	return (struct eval_input){ .type = &eval_type_bbox, .n_images = IMAGES, .n_categories = CLASSES, .gt = gt, .n_gt = GT,
		.dt = x, .n_dt = DT, .threads = threads };
}

/* Evaluate each draw as a data set of its own; the greatest difference. */
static double off_by(const struct eval_bootstrap *b, const struct eval_kept *kept, const struct eval_object *x, uint64_t seed,
		     struct arena *a)
{
	double most = 0;
	for (int round = 0; round < ROUNDS; round++) {
		int drawn[IMAGES];
		struct eval_result result;
		struct eval_input in = input_of(copies_dt, 1);
		const double *figure = b->figure + round * b->n_figures;
		draw(drawn, seed, (uint64_t)round);
		in.gt = copies_gt;
		in.n_gt = copy_objects(copies_gt, gt, GT, drawn);
		in.n_dt = copy_objects(copies_dt, x, DT, drawn);
		if (eval_run(&result, &in, a) != 0)
			return INFINITY;
		for (int i = 0; i < eval_type_bbox.n_rows; i++)
			most = fmax(most, fabs(figure[eval_bootstrap_row(i)] - result.stats[i]));
		for (int32_t k = 0; k < CLASSES; k++) {
			most = fmax(most, fabs(figure[eval_bootstrap_class(kept, 0, k)] - result.class_ap[k]));
			most = fmax(most, fabs(figure[eval_bootstrap_class(kept, 1, k)] - result.class_ap50[k]));
		}
	}
	return most;
}

static int compare_doubles(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;
	return (a > b) - (a < b);
}

static void check_difference(const struct eval_bootstrap *one, const struct eval_bootstrap *two, struct arena *a)
{
	struct eval_difference d;
	double x[ROUNDS];
	int up = 0, down = 0;
	for (int i = 0; i < ROUNDS; i++) {
		x[i] = two->figure[i * two->n_figures] - one->figure[i * one->n_figures];
		up += x[i] >= 0;
		down += x[i] <= 0;
	}
	qsort(x, ROUNDS, sizeof x[0], compare_doubles);
	ok(eval_bootstrap_difference(&d, one, two, 0, 0.5, a) == 0, "a difference");
	/* A quarter of 39 steps is 9.75 of them. */
	is_near(d.interval.low, 0.25 * x[9] + 0.75 * x[10], 1e-15, "lower end");
	is_near(d.interval.high, 0.75 * x[29] + 0.25 * x[30], 1e-15, "upper end");
	is_near(d.p, fmin(1, 2.0 * ((up < down ? up : down) + 1) / (ROUNDS + 1)), 1e-15, "p");
	ok(eval_bootstrap_difference(&d, one, one, 0, 0.5, a) == 0 && d.p == 1 && d.interval.low == 0 && d.interval.high == 0,
	   "nothing differs from itself");
}

int main(void)
{
	struct arena a;
	struct eval_kept kept, kept_other;
	struct eval_bootstrap one, again, two;
	struct eval_bootstrap_options o = { .rounds = ROUNDS, .seed = 3, .level = 0.95, .threads = 1 };
	arena_init(&a, 1 << 20);
	make_data();
	struct eval_input in = input_of(dt, 1), in_other = input_of(other, 2);
	ok(eval_kept_make(&kept, &in, &a) == 0 && eval_kept_make(&kept_other, &in_other, &a) == 0, "matches are kept");
	ok(eval_bootstrap_run(&one, &kept, &o, &a) == 0 && eval_bootstrap_run(&two, &kept_other, &o, &a) == 0, "draws");
	double off = off_by(&one, &kept, dt, o.seed, &a), off_other = off_by(&two, &kept_other, other, o.seed, &a);
	ok(off < 1e-12, "every draw gives the figures of its copied images (within %g)", off);
	ok(off_other < 1e-12, "also of other results on the same draws (within %g)", off_other);
	ok(one.figure[0] != one.figure[one.n_figures], "draws differ");
	o.threads = 4;
	ok(eval_bootstrap_run(&again, &kept, &o, &a) == 0 &&
	   memcmp(one.figure, again.figure, (size_t)(one.rounds * one.n_figures) * sizeof one.figure[0]) == 0,
	   "the same bits with four threads");
	o.seed = 4;
	ok(eval_bootstrap_run(&again, &kept, &o, &a) == 0 && one.figure[0] != again.figure[0], "another seed, other draws");
	check_difference(&one, &two, &a);
	arena_release(&a);
	return tap_done();
}
