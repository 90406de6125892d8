#include "eval/eval_accumulate.h"

#include "eval/eval_curve.h"

#include <float.h>
#include <omp.h>
#include <string.h>

static double *missing(struct arena *a, int64_t n)
{
	double *x = arena_alloc(a, (size_t)n * sizeof *x);
	for (int64_t i = 0; x != NULL && i < n; i++)
		x[i] = -1;
	return x;
}

int eval_result_init(struct eval_result *result, const struct eval_type *type, int32_t n_categories, struct arena *a)
{
	int64_t cells = (int64_t)type->n_ranges * type->n_limits * EVAL_THRESHOLDS * n_categories;
	*result = (struct eval_result){ .n_categories = n_categories, .n_ranges = type->n_ranges, .n_limits = type->n_limits,
		.precision = missing(a, cells * EVAL_RECALLS), .scores = missing(a, cells * EVAL_RECALLS),
		.recall = missing(a, cells), .class_ap = missing(a, n_categories), .class_ap50 = missing(a, n_categories),
		.class_objects = arena_calloc(a, (size_t)n_categories, sizeof *result->class_objects) };
	bool complete = result->precision != NULL && result->scores != NULL && result->recall != NULL &&
		result->class_ap != NULL && result->class_ap50 != NULL && result->class_objects != NULL;
	return complete ? 0 : -1;
}

/*
 * A curve of precision over recall while its detections come in: one IoU threshold and one limit. Precision at the j-th right
 * detection is j / (wrong ones before it + j + eps). Between right ones it only falls and recall stands still, so
 * the best precision at each step of recall is all that the envelope and the interpolation can see.
 */
struct curve {
	int64_t n_right, n_wrong;
	int step;	/* recalls reached so far */
	double best[EVAL_RECALLS];	/* greatest precision after `i + 1` recalls were reached and before one more was */
	double score[EVAL_RECALLS];	/* of the detection that reached the recall */
};

/* The curves of one class and size, and what they share; one thread works on it. */
struct bundle {
	struct curve curve[EVAL_THRESHOLDS][EVAL_MAX_LIMITS];
	int64_t all_wrong[EVAL_BYTES][EVAL_MAX_LIMITS];	/* detections wrong at all thresholds of a byte, by first limit */
	struct eval_curve_steps needed;	/* right detections with which each recall is reached */
	double first_score[EVAL_MAX_LIMITS];	/* of the first detection, whatever it is */
	bool any[EVAL_MAX_LIMITS];
	uint8_t digit[243][EVAL_PER_BYTE];
};

static void bundle_init(struct bundle *b)
{
	for (int byte = 0; byte < 243; byte++)
		for (int i = 0, rest = byte; i < EVAL_PER_BYTE; i++, rest /= 3)
			b->digit[byte][i] = (uint8_t)(rest % 3);
}

static void bundle_start(struct bundle *b, int64_t n_wanted)
{
	eval_curve_steps_set(&b->needed, n_wanted);
	memset(b->all_wrong, 0, sizeof b->all_wrong);
	memset(b->any, 0, sizeof b->any);
	for (int t = 0; t < EVAL_THRESHOLDS; t++)
		for (int l = 0; l < EVAL_MAX_LIMITS; l++)
			b->curve[t][l].n_right = b->curve[t][l].n_wrong = b->curve[t][l].step = 0;
}

static void add_right(struct curve *c, const struct bundle *b, double score, int64_t n_wrong)
{
	int64_t right = ++c->n_right;
	while (c->step < EVAL_RECALLS && b->needed.found[c->step] <= right) {
		c->score[c->step] = score;
		c->best[c->step++] = 0;
	}
	double precision = (double)right / ((double)n_wrong + (double)right + DBL_EPSILON);
	if (precision > c->best[c->step - 1])
		c->best[c->step - 1] = precision;
}

/* One byte of a record: EVAL_PER_BYTE thresholds from t on. The record counts for the limits from `first` on. */
static void add_byte(struct bundle *b, int byte, const struct eval_record *r, int index, int first, int n_limits)
{
	const uint8_t *digit = b->digit[byte];
	for (int i = 0; i < EVAL_PER_BYTE; i++) {
		struct curve *c = b->curve[index * EVAL_PER_BYTE + i];
		if (digit[i] == EVAL_WRONG)
			c[first].n_wrong++;
		if (digit[i] != EVAL_RIGHT)
			continue;
		int64_t n_wrong = 0;
		for (int l = 0; l < n_limits; l++) {
			n_wrong += c[l].n_wrong + b->all_wrong[index][l];
			if (l >= first)
				add_right(&c[l], b, r->score, n_wrong);
		}
	}
}

static void add_record(struct bundle *b, const struct eval_record *r, const struct eval_type *type, int range)
{
	int first = 0, rank = eval_record_rank(r);
	while (first < type->n_limits && rank >= type->limits[first])
		first++;
	for (int l = type->n_limits - 1; l >= first && !b->any[l]; l--) {
		b->any[l] = true;
		b->first_score[l] = r->score;
	}
	for (int i = 0; i < EVAL_BYTES && first < type->n_limits; i++) {
		int byte = r->outcome[range * EVAL_BYTES + i];
		if (byte == EVAL_ALL_WRONG)
			b->all_wrong[i][first]++;
		else if (byte != 0)
			add_byte(b, byte, r, i, first, type->n_limits);
	}
}

/* Make precision monotone from the right and write the curve down. */
static void finish_curve(struct eval_result *out, const struct bundle *b, int64_t n_wanted, int t, int32_t k, int r, int l)
{
	const struct curve *c = &b->curve[t][l];
	double best = 0;
	for (int i = EVAL_RECALLS - 1; i >= 0; i--) {
		int64_t cell = eval_precision_at(out, t, i, k, r, l);
		if (i < c->step && c->best[i] > best)
			best = c->best[i];
		out->precision[cell] = best;
		out->scores[cell] = i < c->step ? c->score[i] : 0;
	}
	/* Recall 0 is reached by the first detection, even a wrong one. */
	if (b->any[l])
		out->scores[eval_precision_at(out, t, 0, k, r, l)] = b->first_score[l];
	out->recall[eval_recall_at(out, t, k, r, l)] = (double)c->n_right / (double)n_wanted;
}

int eval_accumulate(struct eval_result *result, const struct eval_type *type, const struct eval_records *records,
		    const int64_t *start, const int64_t *wanted, int threads, struct arena *a)
{
	struct bundle *bundles = arena_calloc(a, (size_t)threads, sizeof *bundles);
	if (bundles == NULL)
		return -1;
	for (int i = 0; i < threads; i++)
		bundle_init(&bundles[i]);
	int64_t tasks = (int64_t)result->n_categories * type->n_ranges;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
	for (int64_t task = 0; task < tasks; task++) {
		struct bundle *b = &bundles[omp_get_thread_num()];
		int32_t k = (int32_t)(task / type->n_ranges);
		int r = (int)(task % type->n_ranges);
		if (r == 0)
			result->class_objects[k] = wanted[task];
		if (wanted[task] == 0)
			continue;
		bundle_start(b, wanted[task]);
		for (int64_t i = start[k]; i < start[k + 1]; i++)
			add_record(b, &records->at[i], type, r);
		for (int t = 0; t < EVAL_THRESHOLDS; t++)
			for (int l = 0; l < type->n_limits; l++)
				finish_curve(result, b, wanted[task], t, k, r, l);
	}
	return 0;
}

static double summarise_row(const struct eval_result *out, const struct eval_row *row, double *scratch)
{
	int first = row->threshold < 0 ? 0 : row->threshold, last = row->threshold < 0 ? EVAL_THRESHOLDS - 1 : first;
	int64_t n = 0;
	for (int t = first; t <= last; t++)
		for (int i = 0; i < (row->recall ? 1 : EVAL_RECALLS); i++)
			for (int32_t k = 0; k < out->n_categories; k++)
				scratch[n++] = row->recall ? out->recall[eval_recall_at(out, t, k, row->range, row->limit)] :
					out->precision[eval_precision_at(out, t, i, k, row->range, row->limit)];
	return eval_mean(scratch, n);
}

int eval_summarise(struct eval_result *out, const struct eval_type *type, struct arena *a)
{
	int64_t cells = (int64_t)EVAL_THRESHOLDS * EVAL_RECALLS * out->n_categories;
	double *scratch = arena_alloc(a, (size_t)cells * sizeof *scratch);
	if (scratch == NULL)
		return -1;
	for (int i = 0; i < type->n_rows; i++)
		out->stats[i] = summarise_row(out, &type->rows[i], scratch);
	for (int32_t k = 0; k < out->n_categories; k++) {
		int64_t n = 0;
		for (int t = 0; t < EVAL_THRESHOLDS; t++)
			for (int i = 0; i < EVAL_RECALLS; i++)
				scratch[n++] = out->precision[eval_precision_at(out, t, i, k, 0, out->n_limits - 1)];
		/* Of a class all or none are -1. */
		out->class_ap50[k] = eval_mean(scratch, EVAL_RECALLS);
		out->class_ap[k] = eval_mean(scratch, n);
	}
	return 0;
}
