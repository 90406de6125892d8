#include "eval/eval.h"

#include "eval/eval_match.h"
#include "eval/eval_order.h"

#include <float.h>
#include <math.h>
#include <omp.h>

double eval_threshold(int index)
{
	return index == EVAL_THRESHOLDS - 1 ? 0.95 : index * ((0.95 - 0.5) / (EVAL_THRESHOLDS - 1)) + 0.5;
}

double eval_recall(int index)
{
	return index == EVAL_RECALLS - 1 ? 1 : index * (1.0 / (EVAL_RECALLS - 1));
}

/* numpy's order of additions: eight running sums in blocks of up to 128, halves above (cut at multiples of 8). */
static double pairwise_sum(const double *x, int64_t n)
{
	if (n > 128) {
		int64_t half = n / 2 / 8 * 8;
		return pairwise_sum(x, half) + pairwise_sum(x + half, n - half);
	}
	double sum = 0;
	int64_t i = 0;
	if (n >= 8) {
		double part[8];
		for (; i < 8; i++)
			part[i] = x[i];
		for (; i + 8 <= n; i += 8)
			for (int j = 0; j < 8; j++)
				part[j] += x[i + j];
		sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
	}
	for (; i < n; i++)
		sum += x[i];
	return sum;
}

double eval_mean(double *x, int64_t n)
{
	int64_t kept = 0;
	for (int64_t i = 0; i < n; i++)
		if (x[i] > -1)
			x[kept++] = x[i];
	return kept == 0 ? -1 : pairwise_sum(x, kept) / (double)kept;
}

static int check_objects(const struct eval_object *x, int64_t n, const struct eval_input *in, const char *what)
{
	for (int64_t i = 0; i < n; i++) {
		if (x[i].image < 0 || x[i].image >= in->n_images)
			return err_set("eval: %s %lld: image %d is not in [0, %d)", what, (long long)i, x[i].image, in->n_images);
		if (x[i].category < 0 || x[i].category >= in->n_categories)
			return err_set("eval: %s %lld: category %d is not in [0, %d)", what, (long long)i, x[i].category,
				       in->n_categories);
		const double *b = x[i].box;
		if (isnan(b[0]) || isnan(b[1]) || isnan(b[2]) || isnan(b[3]) || isnan(x[i].area) || isnan(x[i].score))
			return err_set("eval: %s %lld: its box, area or score is not a number", what, (long long)i);
	}
	return 0;
}

/* What one class adds to the result; one thread works on it. */
struct tally {
	struct eval_match match;
	double *precision;	/* [detections of a class + 1] at each true detection */
};

static int64_t class_index(const struct eval_input *in, int64_t row, int32_t k)
{
	return row * in->n_categories + k;
}

/*
 * Precision at the j-th true detection is j / (j + false ones before it + eps). Between true ones it only falls and recall
 * stands still, so these points are all that the envelope and the interpolation can see.
 */
static void interpolate(struct eval_result *out, const struct eval_input *in, double *precision, int64_t n_true,
			int64_t n_wanted, int32_t k, int64_t row)
{
	for (int64_t j = n_true - 1; j > 0; j--)
		if (precision[j] > precision[j - 1])
			precision[j - 1] = precision[j];
	int64_t j = 0;
	for (int i = 0; i < EVAL_RECALLS; i++) {
		while (j < n_true && (double)(j + 1) / (double)n_wanted < eval_recall(i))
			j++;
		out->precision[class_index(in, row * EVAL_RECALLS + i, k)] = j < n_true ? precision[j] : 0;
	}
}

static void accumulate(struct eval_result *out, const struct eval_input *in, struct tally *tally,
		       const struct eval_order *dt, int32_t k, int r, int t)
{
	const struct eval_type *type = in->type;
	const struct eval_match *m = &tally->match;
	int64_t found[EVAL_MAX_LIMITS] = { 0 }, n_true = 0, n_false = 0;
	for (int64_t i = dt->start[k]; i < dt->start[k + 1]; i++) {
		int64_t d = dt->by_score[i] - dt->start[k];
		n_false += m->is_false[r][d] >> t & 1;
		if ((m->is_true[r][d] >> t & 1) == 0)
			continue;
		for (int l = 0; l < type->n_limits; l++)
			found[l] += m->rank[d] < type->limits[l];
		double j = (double)(n_true + 1);
		tally->precision[n_true++] = j / ((double)n_false + j + DBL_EPSILON);
	}
	for (int l = 0; l < type->n_limits; l++)
		out->recall[class_index(in, ((int64_t)r * type->n_limits + l) * EVAL_THRESHOLDS + t, k)] =
			(double)found[l] / (double)m->n_wanted[r];
	interpolate(out, in, tally->precision, n_true, m->n_wanted[r], k, (int64_t)r * EVAL_THRESHOLDS + t);
}

static void run_category(struct eval_result *out, const struct eval_input *in, struct tally *tally,
			 const struct eval_order *dt, const struct eval_order *gt, int32_t k)
{
	eval_match_category(&tally->match, in->type, dt, gt, k);
	out->class_objects[k] = tally->match.n_wanted[0];
	for (int r = 0; r < in->type->n_ranges; r++)
		for (int t = 0; t < EVAL_THRESHOLDS && tally->match.n_wanted[r] > 0; t++)
			accumulate(out, in, tally, dt, k, r, t);
}

/* The mean of `rows` rows of x from `first` on, each [n_categories]; scratch holds as much. */
static double mean_rows(double *scratch, const double *x, const struct eval_input *in, int64_t first, int64_t rows)
{
	int64_t n = rows * in->n_categories;
	for (int64_t i = 0; i < n; i++)
		scratch[i] = x[first * in->n_categories + i];
	return eval_mean(scratch, n);
}

static void summarise(struct eval_result *out, const struct eval_input *in, double *scratch)
{
	const struct eval_type *type = in->type;
	for (int i = 0; i < type->n_rows; i++) {
		const struct eval_row *row = &type->rows[i];
		int64_t first = (int64_t)row->range * EVAL_THRESHOLDS, rows = 1;
		if (row->recall)
			first = ((int64_t)row->range * type->n_limits + row->limit) * EVAL_THRESHOLDS;
		if (row->threshold >= 0)
			first += row->threshold;
		else
			rows = EVAL_THRESHOLDS;
		int64_t per_threshold = row->recall ? 1 : EVAL_RECALLS;
		out->stats[i] = mean_rows(scratch, row->recall ? out->recall : out->precision, in, first * per_threshold,
					  rows * per_threshold);
	}
	for (int32_t k = 0; k < in->n_categories; k++) {
		int64_t n = (int64_t)EVAL_THRESHOLDS * EVAL_RECALLS;
		for (int64_t i = 0; i < n; i++)
			scratch[i] = out->precision[class_index(in, i, k)];
		out->class_ap50[k] = out->class_objects[k] == 0 ? -1 : pairwise_sum(scratch, EVAL_RECALLS) / EVAL_RECALLS;
		out->class_ap[k] = eval_mean(scratch, n);
	}
}

static double *missing(struct arena *a, int64_t n)
{
	double *x = arena_calloc(a, (size_t)n, sizeof *x);
	for (int64_t i = 0; x != NULL && i < n; i++)
		x[i] = -1;
	return x;
}

static int result_init(struct eval_result *out, const struct eval_input *in, struct arena *a)
{
	int64_t cells = (int64_t)in->type->n_ranges * EVAL_THRESHOLDS * in->n_categories;
	*out = (struct eval_result){ .precision = missing(a, cells * EVAL_RECALLS),
		.recall = missing(a, cells * in->type->n_limits),
		.class_ap = missing(a, in->n_categories), .class_ap50 = missing(a, in->n_categories),
		.class_objects = arena_calloc(a, (size_t)in->n_categories, sizeof *out->class_objects) };
	bool complete = out->precision != NULL && out->recall != NULL && out->class_ap != NULL &&
		out->class_ap50 != NULL && out->class_objects != NULL;
	return complete ? 0 : -1;
}

static struct tally *tallies_make(const struct eval_input *in, const struct eval_order *dt,
				  const struct eval_order *gt, int threads, struct arena *a)
{
	int64_t most = 0;
	for (int32_t k = 0; k < in->n_categories; k++)
		if (dt->start[k + 1] - dt->start[k] > most)
			most = dt->start[k + 1] - dt->start[k];
	struct tally *tally = arena_calloc(a, (size_t)threads, sizeof *tally);
	for (int i = 0; tally != NULL && i < threads; i++) {
		tally[i].precision = arena_calloc(a, (size_t)most + 1, sizeof *tally[i].precision);
		if (tally[i].precision == NULL || eval_match_init(&tally[i].match, in->type, dt, gt, in->n_categories, a) != 0)
			return NULL;
	}
	return tally;
}

int eval_run(struct eval_result *result, const struct eval_input *in, struct arena *a)
{
	int threads = in->threads < 1 ? 1 : in->threads;
	struct eval_order dt, gt;
	TRY(check_objects(in->gt, in->n_gt, in, "annotation"));
	TRY(check_objects(in->dt, in->n_dt, in, "detection"));
	TRY(eval_order_make(&dt, in->dt, in->n_dt, in->n_images, in->n_categories, true, a));
	TRY(eval_order_make(&gt, in->gt, in->n_gt, in->n_images, in->n_categories, false, a));
	TRY(result_init(result, in, a));
	/* All memory is taken before the threads start: nothing can fail in them. */
	struct tally *tally = tallies_make(in, &dt, &gt, threads, a);
	double *scratch = arena_calloc(a, (size_t)EVAL_THRESHOLDS * EVAL_RECALLS * (size_t)in->n_categories, sizeof *scratch);
	if (tally == NULL || scratch == NULL)
		return -1;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
	for (int32_t k = 0; k < in->n_categories; k++)
		run_category(result, in, &tally[omp_get_thread_num()], &dt, &gt, k);
	summarise(result, in, scratch);
	return 0;
}
