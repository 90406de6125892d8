#include "eval/eval_analysis.h"

#include "eval/eval_confusion.h"
#include "eval/eval_files.h"
#include "eval/eval_image.h"
#include "eval/eval_kept.h"
#include "eval/eval_page.h"

#include <math.h>

static int count(struct eval_analysis *out, struct arena *a)
{
	const struct eval_analysis_options *o = out->options;
	int32_t n = out->input->n_categories;
	out->counts = arena_calloc(a, (size_t)n, sizeof *out->counts);
	out->threshold = arena_calloc(a, (size_t)n, sizeof *out->threshold);
	if (out->counts == NULL || out->threshold == NULL)
		return -1;
	TRY(eval_outcome_make(&out->outcome, out->input, o->iou, a));
	TRY(eval_best_thresholds(out->threshold, &out->outcome, a));
	if (o->thresholds != NULL)
		TRY(eval_write_thresholds(o->thresholds, out->set, out->threshold));
	for (int32_t k = 0; k < n && !isnan(o->score); k++)
		out->threshold[k] = o->score;
	eval_count(out->counts, NULL, &out->outcome, out->threshold);
	return 0;
}

static int write_confusion(const struct eval_analysis *analysis, struct arena *a)
{
	size_t n = (size_t)analysis->input->n_categories + 1;
	int64_t *cell = arena_calloc(a, n * n, sizeof *cell);
	if (cell == NULL)
		return -1;
	TRY(eval_confusion_make(cell, &analysis->outcome, analysis->threshold, a));
	return eval_write_confusion(analysis->options->confusion, analysis->set, cell, analysis->options->iou);
}

static int write_images(const struct eval_analysis *analysis, const struct eval_kept *kept, struct arena *a)
{
	size_t n = (size_t)analysis->input->n_images;
	double *ap = arena_calloc(a, n, sizeof *ap), *ap50 = arena_calloc(a, n, sizeof *ap50);
	struct eval_counts *counts = arena_calloc(a, n, sizeof *counts);
	struct eval_image_row *rows = arena_calloc(a, n, sizeof *rows);
	if (ap == NULL || ap50 == NULL || counts == NULL || rows == NULL)
		return -1;
	TRY(eval_image_ap(ap, ap50, kept, a));
	eval_count(NULL, counts, &analysis->outcome, analysis->threshold);
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct eval_image_row){ (int32_t)i, ap[i], ap50[i], counts[i] };
	return eval_write_images(analysis->options->per_image, analysis->set, rows);
}

static int find_intervals(struct eval_analysis *out, const struct eval_bootstrap *b, struct arena *a)
{
	struct eval_interval *interval = arena_calloc(a, (size_t)b->n_figures, sizeof *interval);
	if (interval == NULL)
		return -1;
	for (int64_t i = 0; i < b->n_figures; i++)
		TRY(eval_bootstrap_interval(&interval[i], b, i, out->options->bootstrap.level, a));
	out->interval = interval;
	return 0;
}

/* A figure of a result by the bootstrap's number. */
static double figure_of(const struct eval_result *result, const struct eval_type *type, int64_t figure)
{
	if (figure < type->n_rows)
		return result->stats[figure];
	figure -= type->n_rows;
	return figure < result->n_categories ? result->class_ap[figure] : result->class_ap50[figure - result->n_categories];
}

static int compare(struct eval_analysis *out, const struct eval_bootstrap *first, struct arena *a)
{
	const struct eval_analysis_options *o = out->options;
	struct eval_set other = *out->set;
	struct eval_input input = *out->input;
	struct eval_result result;
	struct eval_kept kept;
	struct eval_bootstrap second;
	struct eval_compared *compared = arena_calloc(a, (size_t)first->n_figures, sizeof *compared);
	if (compared == NULL)
		return -1;
	other.dt = NULL;
	other.n_dt = 0;
	TRY(eval_read_results(&other, o->compare));
	input.dt = other.dt;
	input.n_dt = other.n_dt;
	TRY(eval_run(&result, &input, a));
	TRY(eval_kept_make(&kept, &input, a));
	TRY(eval_bootstrap_run(&second, &kept, &o->bootstrap, a));
	for (int64_t i = 0; i < first->n_figures; i++) {
		compared[i].a = figure_of(out->result, input.type, i);
		compared[i].b = figure_of(&result, input.type, i);
		TRY(eval_bootstrap_difference(&compared[i].difference, first, &second, i, o->bootstrap.level, a));
	}
	out->compared = compared;
	return 0;
}

static bool counts_wanted(const struct eval_analysis_options *o)
{
	return o->counts || o->thresholds != NULL || o->confusion != NULL || o->per_image != NULL || o->plot != NULL;
}

bool eval_analysis_wanted(const struct eval_analysis_options *o)
{
	return counts_wanted(o) || o->errors || o->intervals || o->compare != NULL;
}

int eval_analysis_run(struct eval_analysis *out, const struct eval_analysis_options *o, const struct eval_set *set,
		      const struct eval_input *input, const struct eval_result *result, struct arena *a)
{
	struct eval_kept kept;
	struct eval_bootstrap bootstrap;
	*out = (struct eval_analysis){ .options = o, .set = set, .input = input, .result = result };
	if (counts_wanted(o))
		TRY(count(out, a));
	if (o->confusion != NULL)
		TRY(write_confusion(out, a));
	if (o->per_image != NULL || o->intervals || o->compare != NULL)
		TRY(eval_kept_make(&kept, input, a));
	if (o->per_image != NULL)
		TRY(write_images(out, &kept, a));
	if (o->errors) {
		struct eval_errors *errors = arena_alloc(a, sizeof *errors);
		if (errors == NULL)
			return -1;
		TRY(eval_errors_make(errors, input, a));
		out->errors = errors;
	}
	if (o->intervals || o->compare != NULL) {
		TRY(eval_bootstrap_run(&bootstrap, &kept, &o->bootstrap, a));
		out->n_figures = bootstrap.n_figures;
	}
	if (o->intervals)
		TRY(find_intervals(out, &bootstrap, a));
	if (o->compare != NULL)
		TRY(compare(out, &bootstrap, a));
	return o->plot != NULL ? eval_page_write(o->plot, out, a) : 0;
}

/* A column made of one member of the counts. */
static double share_of(const struct eval_counts *c, int which)
{
	return which == 0 ? c->precision : which == 1 ? c->recall : c->f1;
}

static int64_t number_of(const struct eval_counts *c, int which)
{
	return which == 0 ? c->n_true : which == 1 ? c->n_false : c->n_missed;
}

static int count_columns(struct eval_figures *figures, const struct eval_analysis *analysis, struct arena *a)
{
	static const char *const numbers[] = { "TP", "FP", "FN" }, *const shares[] = { "precision", "recall", "F1" };
	int32_t n = analysis->input->n_categories;
	eval_figures_shares(figures, "threshold", analysis->threshold);
	for (int i = 0; i < 3; i++) {
		int64_t *number = arena_calloc(a, (size_t)n, sizeof *number);
		if (number == NULL)
			return -1;
		for (int32_t k = 0; k < n; k++)
			number[k] = number_of(&analysis->counts[k], i);
		eval_figures_numbers(figures, numbers[i], number);
	}
	for (int i = 0; i < 3; i++) {
		double *share = arena_calloc(a, (size_t)n, sizeof *share);
		if (share == NULL)
			return -1;
		for (int32_t k = 0; k < n; k++)
			share[k] = share_of(&analysis->counts[k], i);
		eval_figures_shares(figures, shares[i], share);
	}
	return 0;
}

static int interval_columns(struct eval_figures *figures, const struct eval_analysis *analysis, struct arena *a)
{
	static const char *const keys[2][2] = { { "AP_low", "AP_high" }, { "AP50_low", "AP50_high" } };
	int32_t n = analysis->input->n_categories;
	for (int which = 0; which < 2; which++) {
		const struct eval_interval *interval = analysis->interval + analysis->input->type->n_rows + (int64_t)which * n;
		double *low = arena_calloc(a, (size_t)n, sizeof *low), *high = arena_calloc(a, (size_t)n, sizeof *high);
		if (low == NULL || high == NULL)
			return -1;
		for (int32_t k = 0; k < n; k++) {
			low[k] = interval[k].low;
			high[k] = interval[k].high;
		}
		eval_figures_shares(figures, keys[which][0], low);
		eval_figures_shares(figures, keys[which][1], high);
	}
	return 0;
}

int eval_analysis_columns(struct eval_figures *figures, const struct eval_analysis *analysis, struct arena *a)
{
	if (analysis->counts != NULL && analysis->options->counts)
		TRY(count_columns(figures, analysis, a));
	if (analysis->interval != NULL)
		TRY(interval_columns(figures, analysis, a));
	return 0;
}
