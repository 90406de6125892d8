#include "eval/eval_bootstrap.h"

#include "base/rng.h"
#include "eval/eval_curve.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* One class and range in one round. */
struct measured {
	bool defined;	/* there was something to find */
	double ap[EVAL_THRESHOLDS];
	double recall[EVAL_MAX_LIMITS][EVAL_THRESHOLDS];
};

/* Working memory of one thread. */
struct worker {
	int32_t *weight;	/* [n_images] how often the image was drawn */
	struct eval_curve curve[EVAL_THRESHOLDS];
	struct measured measured[EVAL_MAX_RANGES];
	int64_t n_defined[EVAL_MAX_ROWS];	/* classes in each row's mean */
};

static void draw(int32_t *weight, int32_t n_images, uint64_t seed, int64_t round)
{
	struct rng g = rng_make(rng_mix(rng_mix_text(seed, "bootstrap"), (uint64_t)round));
	memset(weight, 0, (size_t)n_images * sizeof *weight);
	for (int32_t i = 0; i < n_images; i++)
		weight[rng_below(&g, (uint64_t)n_images)]++;
}

/* What has been seen of a class: false everywhere, false at t only, true at t. */
struct seen {
	int64_t false_everywhere, n_false[EVAL_THRESHOLDS], n_true[EVAL_THRESHOLDS];
	int64_t found[EVAL_MAX_LIMITS][EVAL_THRESHOLDS];
};

static void see(struct seen *s, struct worker *w, const struct eval_curve_steps *steps,
		const struct eval_kept_detection *d, int64_t weight)
{
	for (unsigned bits = d->is_false; bits != 0; bits &= bits - 1)
		s->n_false[__builtin_ctz(bits)] += weight;
	for (unsigned bits = d->is_true; bits != 0; bits &= bits - 1) {
		int t = __builtin_ctz(bits);
		s->n_true[t] += weight;
		s->found[d->limit][t] += weight;
		eval_curve_add(&w->curve[t], steps, s->n_true[t], s->false_everywhere + s->n_false[t]);
	}
}

static void measure(struct worker *w, struct measured *out, const struct eval_kept_class *c, int n_limits)
{
	enum { EVERYWHERE = (1 << EVAL_THRESHOLDS) - 1 };
	struct eval_curve_steps steps;
	struct seen s = { 0 };
	int64_t n_wanted = 0;
	for (int64_t i = 0; i < c->n_images; i++)
		n_wanted += (int64_t)w->weight[c->wanted[i].image] * c->wanted[i].n;
	out->defined = n_wanted > 0;
	if (!out->defined)
		return;
	eval_curve_steps_set(&steps, n_wanted);
	for (int t = 0; t < EVAL_THRESHOLDS; t++)
		eval_curve_start(&w->curve[t]);
	for (int64_t i = 0; i < c->n; i++) {
		const struct eval_kept_detection *d = &c->detection[i];
		int32_t weight = w->weight[d->image];
		if (d->is_false == EVERYWHERE)
			s.false_everywhere += weight;
		else if (weight > 0)
			see(&s, w, &steps, d, weight);
	}
	for (int t = 0; t < EVAL_THRESHOLDS; t++) {
		int64_t found = 0;
		out->ap[t] = eval_curve_ap(&w->curve[t]);
		for (int l = 0; l < n_limits; l++)
			out->recall[l][t] = (double)(found += s.found[l][t]) / (double)n_wanted;
	}
}

/* One threshold, or the mean over all. */
static double at_threshold(const double x[EVAL_THRESHOLDS], int threshold)
{
	double sum = 0;
	if (threshold >= 0)
		return x[threshold];
	for (int t = 0; t < EVAL_THRESHOLDS; t++)
		sum += x[t];
	return sum / EVAL_THRESHOLDS;
}

static void run_round(double *figure, struct worker *w, const struct eval_kept *kept)
{
	const struct eval_type *type = kept->type;
	memset(w->n_defined, 0, sizeof w->n_defined);
	for (int i = 0; i < type->n_rows; i++)
		figure[i] = 0;
	for (int32_t k = 0; k < kept->n_categories; k++) {
		for (int r = 0; r < type->n_ranges; r++)
			measure(w, &w->measured[r], &kept->class[(int64_t)k * type->n_ranges + r], type->n_limits);
		for (int i = 0; i < type->n_rows; i++) {
			const struct eval_row *row = &type->rows[i];
			const struct measured *m = &w->measured[row->range];
			if (!m->defined)
				continue;
			w->n_defined[i]++;
			figure[i] += at_threshold(row->recall ? m->recall[row->limit] : m->ap, row->threshold);
		}
		const struct measured *all = &w->measured[0];
		figure[eval_bootstrap_class(kept, 0, k)] = all->defined ? at_threshold(all->ap, -1) : -1;
		figure[eval_bootstrap_class(kept, 1, k)] = all->defined ? all->ap[0] : -1;
	}
	for (int i = 0; i < type->n_rows; i++)
		figure[i] = w->n_defined[i] > 0 ? figure[i] / (double)w->n_defined[i] : -1;
}

int64_t eval_bootstrap_row(int row)
{
	return row;
}

int64_t eval_bootstrap_class(const struct eval_kept *kept, int which, int32_t category)
{
	return kept->type->n_rows + (int64_t)which * kept->n_categories + category;
}

int eval_bootstrap_run(struct eval_bootstrap *b, const struct eval_kept *kept, const struct eval_bootstrap_options *options,
		       struct arena *a)
{
	int threads = options->threads < 1 ? 1 : options->threads;
	*b = (struct eval_bootstrap){ .rounds = options->rounds,
		.n_figures = kept->type->n_rows + 2 * (int64_t)kept->n_categories };
	b->figure = arena_calloc(a, (size_t)b->rounds * (size_t)b->n_figures, sizeof *b->figure);
	struct worker *worker = arena_calloc(a, (size_t)threads, sizeof *worker);
	if (b->figure == NULL || worker == NULL)
		return -1;
	for (int i = 0; i < threads; i++) {
		worker[i].weight = arena_calloc(a, (size_t)kept->n_images, sizeof *worker[i].weight);
		if (worker[i].weight == NULL)
			return -1;
	}
#pragma omp parallel for schedule(dynamic) num_threads(threads)
	for (int64_t round = 0; round < b->rounds; round++) {
		struct worker *w = &worker[omp_get_thread_num()];
		draw(w->weight, kept->n_images, options->seed, round);
		run_round(b->figure + round * b->n_figures, w, kept);
	}
	return 0;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* x [n] ascending, n > 0. */
static double quantile(const double *x, int64_t n, double q)
{
	double at = q * (double)(n - 1);
	int64_t below = (int64_t)floor(at);
	if (below + 1 >= n)
		return x[n - 1];
	return x[below] + (at - (double)below) * (x[below + 1] - x[below]);
}

static struct eval_interval middle(double *x, int64_t n, double level)
{
	qsort(x, (size_t)n, sizeof *x, compare_doubles);
	return (struct eval_interval){ quantile(x, n, (1 - level) / 2), quantile(x, n, (1 + level) / 2) };
}

int eval_bootstrap_interval(struct eval_interval *interval, const struct eval_bootstrap *b, int64_t figure, double level,
			    struct arena *a)
{
	double *x = arena_calloc(a, (size_t)b->rounds, sizeof *x);
	int64_t n = 0;
	if (x == NULL)
		return -1;
	for (int64_t i = 0; i < b->rounds; i++)
		if (b->figure[i * b->n_figures + figure] > -1)
			x[n++] = b->figure[i * b->n_figures + figure];
	*interval = n == 0 ? (struct eval_interval){ -1, -1 } : middle(x, n, level);
	return 0;
}

int eval_bootstrap_difference(struct eval_difference *difference, const struct eval_bootstrap *a_run,
			      const struct eval_bootstrap *b_run, int64_t figure, double level, struct arena *a)
{
	double *x = arena_calloc(a, (size_t)a_run->rounds, sizeof *x);
	int64_t n = 0, up = 0, down = 0;
	if (x == NULL)
		return -1;
	for (int64_t i = 0; i < a_run->rounds; i++) {
		double from = a_run->figure[i * a_run->n_figures + figure], to = b_run->figure[i * b_run->n_figures + figure];
		if (from <= -1 || to <= -1)
			continue;
		x[n++] = to - from;
		up += to >= from;
		down += to <= from;
	}
	*difference = (struct eval_difference){ .interval = { NAN, NAN }, .p = 1 };
	if (n == 0)
		return 0;
	difference->interval = middle(x, n, level);
	difference->p = fmin(1, 2 * (double)((up < down ? up : down) + 1) / (double)(n + 1));
	return 0;
}
