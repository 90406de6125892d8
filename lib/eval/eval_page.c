#include "eval/eval_page.h"

#include "base/options.h"
#include "eval/eval_ranking.h"
#include "image/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_CURVES = 5, N_SCORE_BINS = 25, MAX_FAINT = 200, MAX_BARS = 120 };

/* Where a chart of counts gets a logarithmic axis. */
static const double MANY = 50;

/* All that the charts point to. */
struct page {
	const struct eval_analysis *x;
	double recall[EVAL_RECALLS];
	double mean[N_CURVES][EVAL_RECALLS];
	char curve_name[N_CURVES][48];
	double *class_curve;	/* [n_faint EVAL_RECALLS] */
	struct plot_series curves[N_CURVES + MAX_FAINT], scores[2], reliability[2];
	int n_faint;
	double bin_left[N_SCORE_BINS], n_true[N_SCORE_BINS], n_false[N_SCORE_BINS];
	char true_name[48], false_name[48], calibration_name[48];
	double mean_score[EVAL_CALIBRATION_BINS], share_true[EVAL_CALIBRATION_BINS];
	struct plot plot[3];
	struct plot_bar *bars;
	char title[160], subtitle[160], score_title[64], bars_title[128];
};

static double precision(const struct page *p, int t, int r, int32_t k)
{
	const struct eval_result *result = p->x->result;
	return result->precision[eval_precision_at(result, t, r, k, 0, result->n_limits - 1)];
}

/* A curve ends at the last recall that is reached. */
static double reached(double at)
{
	return at > 0 ? at : NAN;
}

static void mean_curve(struct page *p, int curve, int t)
{
	double area = 0;
	for (int r = 0; r < EVAL_RECALLS; r++) {
		double sum = 0;
		int n = 0;
		for (int32_t k = 0; k < p->x->set->n_categories; k++) {
			double at = precision(p, t, r, k);
			sum += at > -1 ? at : 0;
			n += at > -1;
		}
		area += n == 0 ? NAN : sum / n / EVAL_RECALLS;
		p->mean[curve][r] = reached(sum / n);
	}
	if (isnan(area))
		snprintf(p->curve_name[curve], sizeof p->curve_name[curve], "AP%.0f", 100 * eval_threshold(t));
	else
		snprintf(p->curve_name[curve], sizeof p->curve_name[curve], "AP%.0f: %.3f", 100 * eval_threshold(t), area);
}

static int make_curves(struct page *p, struct arena *a)
{
	int32_t n_categories = p->x->set->n_categories;
	p->n_faint = n_categories > 1 && n_categories <= MAX_FAINT ? (int)n_categories : 0;
	p->class_curve = arena_calloc(a, (size_t)p->n_faint * EVAL_RECALLS, sizeof *p->class_curve);
	if (p->class_curve == NULL)
		return -1;
	for (int r = 0; r < EVAL_RECALLS; r++)
		p->recall[r] = eval_recall(r);
	for (int k = 0; k < p->n_faint; k++) {
		double *curve = p->class_curve + (int64_t)k * EVAL_RECALLS;
		for (int r = 0; r < EVAL_RECALLS; r++)
			curve[r] = reached(precision(p, 0, r, k));
		p->curves[k] = (struct plot_series){ .n = EVAL_RECALLS, .x = p->recall, .y = curve, .faint = true,
			.name = k == 0 ? "AP50 of a class" : NULL };
	}
	for (int i = 0; i < N_CURVES; i++) {
		mean_curve(p, i, 2 * i);
		p->curves[p->n_faint + i] = (struct plot_series){ .name = p->curve_name[i], .n = EVAL_RECALLS, .x = p->recall,
			.y = p->mean[i] };
	}
	p->plot[0] = (struct plot){ .title = "Precision and recall", .x_label = "recall", .y_label = "precision",
		.x_high = 1, .y_high = 1, .legend = PLOT_BELOW, .n_series = p->n_faint + N_CURVES, .series = p->curves };
	return 0;
}

/* Fill the bins from `low` on; the greatest number in one. */
static double count_scores(struct page *p, double low, double width)
{
	const struct eval_outcome *out = &p->x->outcome;
	double most = 0;
	for (int i = 0; i < N_SCORE_BINS; i++)
		p->bin_left[i] = low + i * width;
	for (int64_t i = 0; i < out->input->n_dt; i++) {
		double score = out->input->dt[i].score;
		if (out->state[i] == EVAL_IGNORED || !isfinite(score))
			continue;
		int bin = (int)((score - low) / width);
		double *n = out->state[i] == EVAL_TRUE ? p->n_true : p->n_false;
		n += bin >= N_SCORE_BINS ? N_SCORE_BINS - 1 : bin;
		++*n;
		most = fmax(most, *n);
	}
	return most;
}

static void make_scores(struct page *p)
{
	const struct eval_outcome *out = &p->x->outcome;
	const struct eval_input *in = out->input;
	double low = 0, high = 1;
	int64_t n_true = 0, n_false = 0;
	for (int64_t i = 0; i < in->n_dt; i++) {
		n_true += out->state[i] == EVAL_TRUE;
		n_false += out->state[i] == EVAL_FALSE;
		if (isfinite(in->dt[i].score)) {
			low = fmin(low, in->dt[i].score);
			high = fmax(high, in->dt[i].score);
		}
	}
	double width = (high - low) / N_SCORE_BINS;
	bool many = count_scores(p, low, width) > MANY;
	snprintf(p->true_name, sizeof p->true_name, "%lld true", (long long)n_true);
	snprintf(p->false_name, sizeof p->false_name, "%lld false", (long long)n_false);
	snprintf(p->score_title, sizeof p->score_title, "Scores of detections at IoU %.2f", out->iou);
	p->scores[0] = (struct plot_series){ .name = p->true_name, .n = N_SCORE_BINS, .x = p->bin_left, .y = p->n_true,
		.mark = PLOT_BARS, .width = width };
	p->scores[1] = p->scores[0];
	p->scores[1].name = p->false_name;
	p->scores[1].y = p->n_false;
	/* False ones in front, half as wide: both are seen. */
	p->scores[1].width = width / 2;
	p->plot[1] = (struct plot){ .title = p->score_title, .x_label = "score", .y_label = "detections", .log_y = many,
		.x_low = low, .x_high = high, .y_low = many ? 1 : 0, .y_high = many ? 10 : 5, .legend = PLOT_BELOW,
		.n_series = 2, .series = p->scores };
}

static void make_reliability(struct page *p)
{
	static const double ends[2] = { 0, 1 };
	const struct eval_outcome *out = &p->x->outcome;
	struct eval_calibration c = { 0 };
	/* In the order of the groups, which is that of the sums' rounding. */
	for (int64_t i = 0; i < out->input->n_dt; i++) {
		int64_t d = out->groups.dt[i];
		double score = out->input->dt[d].score;
		if (out->state[d] != EVAL_IGNORED && score >= 0 && score <= 1)
			eval_calibration_add(&c, score, out->state[d] == EVAL_TRUE);
	}
	for (int bin = 0; bin < EVAL_CALIBRATION_BINS; bin++) {
		/* 0 / 0 is a gap in the line. */
		p->mean_score[bin] = c.confidence[bin] / (double)c.n[bin];
		p->share_true[bin] = (double)c.n_right[bin] / (double)c.n[bin];
	}
	double error = eval_calibration_error(&c);
	if (error < 0)
		snprintf(p->calibration_name, sizeof p->calibration_name, "no scores in [0, 1]");
	else
		snprintf(p->calibration_name, sizeof p->calibration_name, "detections: error %.3f", error);
	p->reliability[0] = (struct plot_series){ .name = "as it should be", .n = 2, .x = ends, .y = ends, .faint = true };
	p->reliability[1] = (struct plot_series){ .name = p->calibration_name, .n = EVAL_CALIBRATION_BINS,
		.x = p->mean_score, .y = p->share_true, .mark = PLOT_DOTS };
	p->plot[2] = (struct plot){ .title = "Reliability of the scores", .x_label = "mean score", .y_label = "share that is true",
		.x_high = 1, .y_high = 1, .legend = PLOT_BELOW, .n_series = 2, .series = p->reliability };
}

static int compare_bars(const void *a, const void *b)
{
	const struct plot_bar *x = a, *y = b;
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Classes from best to worst; where they are too many, the best and the worst. Returns their number, -1 on error. */
static int make_bars(struct page *p, struct arena *a)
{
	const struct eval_result *result = p->x->result;
	int32_t n = p->x->set->n_categories, kept = 0;
	p->bars = arena_calloc(a, (size_t)n, sizeof *p->bars);
	if (p->bars == NULL)
		return -1;
	for (int32_t k = 0; k < n; k++)
		if (result->class_ap[k] > -1)
			p->bars[kept++] = (struct plot_bar){ p->x->set->categories[k].name, result->class_ap[k], result->class_ap50[k] };
	qsort(p->bars, (size_t)kept, sizeof *p->bars, compare_bars);
	int used = snprintf(p->bars_title, sizeof p->bars_title, "AP of the classes, paler: AP50");
	if (kept > MAX_BARS) {
		memmove(p->bars + MAX_BARS / 2, p->bars + kept - MAX_BARS / 2, MAX_BARS / 2 * sizeof *p->bars);
		snprintf(p->bars_title + used, sizeof p->bars_title - (size_t)used, " (the %d best and %d worst of %d)", MAX_BARS / 2,
			 MAX_BARS / 2, kept);
		return MAX_BARS;
	}
	if (kept < n)
		snprintf(p->bars_title + used, sizeof p->bars_title - (size_t)used, " (%d without objects not shown)", n - kept);
	return kept;
}

static void make_titles(struct page *p)
{
	const struct eval_set *set = p->x->set;
	const struct eval_type *type = p->x->input->type;
	size_t used = 0;
	p->title[0] = '\0';
	for (int i = 0; i < type->n_rows && used < sizeof p->title; i++) {
		char value[16] = "-";
		if (p->x->result->stats[i] > -1)
			snprintf(value, sizeof value, "%.3f", p->x->result->stats[i]);
		if (!type->rows[i].recall)
			used += (size_t)snprintf(p->title + used, sizeof p->title - used, "%s%s %s", used > 0 ? " \xc2\xb7 " : "",
						 type->rows[i].name, value);
	}
	snprintf(p->subtitle, sizeof p->subtitle, "%s: %d image%s, %lld object%s of %d class%s, %lld detection%s", type->name,
		 set->n_images, tool_plural(set->n_images), (long long)set->n_gt, tool_plural(set->n_gt), set->n_categories,
		 set->n_categories == 1 ? "" : "es", (long long)set->n_dt, tool_plural(set->n_dt));
}

int eval_page_write(const char *path, const struct eval_analysis *analysis, struct arena *a)
{
	struct page *p = arena_calloc(a, 1, sizeof *p);
	if (p == NULL)
		return -1;
	p->x = analysis;
	TRY(make_curves(p, a));
	make_scores(p);
	make_reliability(p);
	make_titles(p);
	int n_bars = make_bars(p, a);
	if (n_bars < 0)
		return -1;
	const struct plot_page page = { .title = p->title, .subtitle = p->subtitle, .n_plots = 3, .plots = p->plot,
		.bars_title = p->bars_title, .n_bars = n_bars, .bars = p->bars };
	return plot_page_write(path, &page);
}
