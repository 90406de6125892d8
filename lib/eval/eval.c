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

enum { NUMPY_BUFFER = 8192 };

/* Eight running sums in blocks of up to 128, halves above (cut at multiples of 8). */
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

double eval_sum(const double *x, int64_t n)
{
	double sum = 0;
	for (int64_t i = 0; i < n; i += NUMPY_BUFFER)
		sum += pairwise_sum(x + i, n - i < NUMPY_BUFFER ? n - i : NUMPY_BUFFER);
	return sum;
}

double eval_mean(double *x, int64_t n)
{
	int64_t kept = 0;
	for (int64_t i = 0; i < n; i++)
		if (x[i] > -1)
			x[kept++] = x[i];
	return kept == 0 ? -1 : eval_sum(x, kept) / (double)kept;
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

/* What one class adds to the result; one thread works on it. Arrays for each limit, [annotations of a class]. */
struct tally {
	struct eval_match match;
	double *precision[EVAL_MAX_LIMITS];	/* at each true detection */
	double *score[EVAL_MAX_LIMITS];	/* of it */
};

/* One curve: a class, a size range, an IoU threshold and a limit. */
struct curve {
	double *precision, *score;	/* [n_true] at each true detection */
	int64_t n_true, n_false;
	double first_score;	/* of the first detection, whatever it is */
	bool any;
};

/*
 * Precision at the j-th true detection is j / (j + false ones before it + eps). Between true ones it only falls and recall
 * stands still, so these points are all that the envelope and the interpolation can see. Recall 0 alone is reached by
 * the first detection, even a wrong one.
 */
static void interpolate(struct eval_result *out, struct curve *c, int64_t n_wanted, int t, int32_t k, int r, int l)
{
	for (int64_t j = c->n_true - 1; j > 0; j--)
		if (c->precision[j] > c->precision[j - 1])
			c->precision[j - 1] = c->precision[j];
	int64_t j = 0;
	for (int i = 0; i < EVAL_RECALLS; i++) {
		int64_t cell = eval_precision_at(out, t, i, k, r, l);
		while (j < c->n_true && (double)(j + 1) / (double)n_wanted < eval_recall(i))
			j++;
		out->precision[cell] = j < c->n_true ? c->precision[j] : 0;
		out->scores[cell] = j < c->n_true ? c->score[j] : 0;
	}
	if (c->any)
		out->scores[eval_precision_at(out, t, 0, k, r, l)] = c->first_score;
	out->recall[eval_recall_at(out, t, k, r, l)] = (double)c->n_true / (double)n_wanted;
}

static void add_detection(struct curve *c, double score, bool is_true, bool is_false)
{
	if (!c->any)
		c->first_score = score;
	c->any = true;
	c->n_false += is_false;
	if (!is_true)
		return;
	double j = (double)(c->n_true + 1);
	c->precision[c->n_true] = j / ((double)c->n_false + j + DBL_EPSILON);
	c->score[c->n_true++] = score;
}

static void accumulate(struct eval_result *out, const struct eval_input *in, struct tally *tally,
		       const struct eval_order *dt, int32_t k, int r, int t)
{
	const struct eval_match *m = &tally->match;
	struct curve curve[EVAL_MAX_LIMITS];
	for (int l = 0; l < in->type->n_limits; l++)
		curve[l] = (struct curve){ .precision = tally->precision[l], .score = tally->score[l] };
	for (int64_t i = dt->start[k]; i < dt->start[k + 1]; i++) {
		int64_t d = dt->by_score[i] - dt->start[k];
		for (int l = 0; l < in->type->n_limits; l++)
			if (m->rank[d] >= 0 && m->rank[d] < in->type->limits[l])
				add_detection(&curve[l], dt->grouped[dt->by_score[i]].score, m->is_true[r][d] >> t & 1,
					      m->is_false[r][d] >> t & 1);
	}
	for (int l = 0; l < in->type->n_limits; l++)
		interpolate(out, &curve[l], m->n_wanted[r], t, k, r, l);
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

static double summarise_row(const struct eval_result *out, const struct eval_row *row, double *scratch)
{
	int first = row->threshold < 0 ? 0 : row->threshold, last = row->threshold < 0 ? EVAL_THRESHOLDS - 1 : first;
	int64_t n = 0;
	for (int t = first; t <= last; t++) {
		for (int i = 0; i < (row->recall ? 1 : EVAL_RECALLS); i++)
			for (int32_t k = 0; k < out->n_categories; k++)
				scratch[n++] = row->recall ? out->recall[eval_recall_at(out, t, k, row->range, row->limit)] :
					out->precision[eval_precision_at(out, t, i, k, row->range, row->limit)];
	}
	return eval_mean(scratch, n);
}

static void summarise(struct eval_result *out, const struct eval_type *type, double *scratch)
{
	for (int i = 0; i < type->n_rows; i++)
		out->stats[i] = summarise_row(out, &type->rows[i], scratch);
	for (int32_t k = 0; k < out->n_categories; k++) {
		int64_t n = 0;
		for (int t = 0; t < EVAL_THRESHOLDS; t++)
			for (int i = 0; i < EVAL_RECALLS; i++)
				scratch[n++] = out->precision[eval_precision_at(out, t, i, k, 0, out->n_limits - 1)];
		out->class_ap50[k] = out->class_objects[k] == 0 ? -1 : eval_sum(scratch, EVAL_RECALLS) / EVAL_RECALLS;
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
	int64_t cells = (int64_t)in->type->n_ranges * in->type->n_limits * EVAL_THRESHOLDS * in->n_categories;
	*out = (struct eval_result){ .n_categories = in->n_categories, .n_ranges = in->type->n_ranges,
		.n_limits = in->type->n_limits, .precision = missing(a, cells * EVAL_RECALLS),
		.scores = missing(a, cells * EVAL_RECALLS), .recall = missing(a, cells),
		.class_ap = missing(a, in->n_categories), .class_ap50 = missing(a, in->n_categories),
		.class_objects = arena_calloc(a, (size_t)in->n_categories, sizeof *out->class_objects) };
	bool complete = out->precision != NULL && out->scores != NULL && out->recall != NULL && out->class_ap != NULL &&
		out->class_ap50 != NULL && out->class_objects != NULL;
	return complete ? 0 : -1;
}

static struct tally *tallies_make(const struct eval_input *in, const struct eval_order *dt,
				  const struct eval_order *gt, int threads, struct arena *a)
{
	int64_t most = 0;
	for (int32_t k = 0; k < in->n_categories; k++)
		if (gt->start[k + 1] - gt->start[k] > most)
			most = gt->start[k + 1] - gt->start[k];
	struct tally *tally = arena_calloc(a, (size_t)threads, sizeof *tally);
	for (int i = 0; tally != NULL && i < threads; i++) {
		for (int l = 0; l < in->type->n_limits; l++) {
			tally[i].precision[l] = arena_calloc(a, (size_t)most, sizeof *tally[i].precision[l]);
			tally[i].score[l] = arena_calloc(a, (size_t)most, sizeof *tally[i].score[l]);
			if (tally[i].precision[l] == NULL || tally[i].score[l] == NULL)
				return NULL;
		}
		if (eval_match_init(&tally[i].match, in->type, dt, gt, in->n_categories, a) != 0)
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
	summarise(result, in->type, scratch);
	return 0;
}
