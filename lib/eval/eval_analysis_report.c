/* The tables and JSON of an analysis. */
#include "eval/eval_analysis.h"
#include "eval/eval_cell.h"

#include <math.h>

static void print_counts(FILE *file, const struct eval_analysis *x)
{
	int width = eval_class_width(x->set->categories, x->set->n_categories);
	if (isnan(x->options->score))
		fprintf(file, "\n At the threshold with the best F1, IoU %g\n", x->options->iou);
	else
		fprintf(file, "\n From score %g on, IoU %g\n", x->options->score, x->options->iou);
	fprintf(file, " %-*s %9s %8s %8s %8s %9s %9s %9s\n", width, "category", "threshold", "TP", "FP", "FN", "precision",
		"recall", "F1");
	for (int32_t k = 0; k < x->set->n_categories; k++) {
		const struct eval_counts *c = &x->counts[k];
		eval_put_class(file, width, &x->set->categories[k]);
		if (isnan(x->threshold[k]))
			fprintf(file, " %9s", "-");
		else
			fprintf(file, " %9.4f", x->threshold[k]);
		fprintf(file, " %8lld %8lld %8lld", (long long)c->n_true, (long long)c->n_false, (long long)c->n_missed);
		eval_put_percent(file, 9, c->precision);
		eval_put_percent(file, 9, c->recall);
		eval_put_percent(file, 9, c->f1);
		fputc('\n', file);
	}
}

static void print_errors(FILE *file, const struct eval_errors *errors)
{
	fprintf(file, "\n Errors and the AP50 they cost, in percent; AP50 is %.2f\n %-13s %9s %7s\n",
		errors->ap50 < 0 ? -1.0 : 100 * errors->ap50, "error", "number", "cost");
	for (int i = 0; i < EVAL_ERRORS; i++)
		fprintf(file, " %-13s %9lld %7.2f\n", eval_error_names[i], (long long)errors->n[i], 100 * errors->cost[i]);
	fprintf(file, " %-13s %9s %7.2f\n %-13s %9s %7.2f\n", "all false", "", 100 * errors->cost_false, "all missed", "",
		100 * errors->cost_missed);
}

static void print_draws(FILE *file, const struct eval_analysis *x)
{
	fprintf(file, "%g %% intervals, %lld draws of the images, seed %llu\n", 100 * x->options->bootstrap.level,
		(long long)x->options->bootstrap.rounds, (unsigned long long)x->options->bootstrap.seed);
}

static void print_intervals(FILE *file, const struct eval_analysis *x)
{
	fputs("\n ", file);
	print_draws(file, x);
	for (int i = 0; i < x->input->type->n_rows; i++) {
		const struct eval_interval *interval = &x->interval[eval_bootstrap_row(i)];
		fprintf(file, " %-6s %7.4f  [%.4f, %.4f]\n", x->input->type->rows[i].name, x->result->stats[i], interval->low,
			interval->high);
	}
}

static void print_compared(FILE *file, const struct eval_analysis *x)
{
	fprintf(file, "\n A: the results, B: '%s'; ", x->options->compare);
	print_draws(file, x);
	fprintf(file, " %-6s %7s %7s %9s  %-20s %7s\n", "figure", "A", "B", "B - A", "interval", "p");
	for (int i = 0; i < x->input->type->n_rows; i++) {
		const struct eval_compared *c = &x->compared[eval_bootstrap_row(i)];
		char interval[48];
		if (c->a < 0 || c->b < 0 || isnan(c->difference.interval.low)) {
			fprintf(file, " %-6s %7.4f %7.4f %9s\n", x->input->type->rows[i].name, c->a, c->b, "-");
			continue;
		}
		snprintf(interval, sizeof interval, "[%+.4f, %+.4f]", c->difference.interval.low, c->difference.interval.high);
		fprintf(file, " %-6s %7.4f %7.4f %+9.4f  %-20s %7.4f\n", x->input->type->rows[i].name, c->a, c->b, c->b - c->a,
			interval, c->difference.p);
	}
}

void eval_analysis_print(FILE *file, const struct eval_analysis *x)
{
	if (x->counts != NULL && x->options->counts)
		print_counts(file, x);
	if (x->errors != NULL)
		print_errors(file, x->errors);
	if (x->interval != NULL)
		print_intervals(file, x);
	if (x->compared != NULL)
		print_compared(file, x);
}

static void put_errors(struct json_writer *w, const struct eval_analysis *x)
{
	const struct eval_errors *errors = x->errors;
	json_put_object(w);
	json_put_double_of(w, "AP50", errors->ap50);
	json_put_key(w, "kinds");
	json_put_array(w);
	for (int i = 0; i < EVAL_ERRORS; i++) {
		json_put_object(w);
		json_put_string_of(w, "name", eval_error_names[i]);
		json_put_integer_of(w, "n", errors->n[i]);
		json_put_double_of(w, "cost", errors->cost[i]);
		json_put_key(w, "by_class");
		json_put_array(w);
		for (int32_t k = 0; k < x->set->n_categories; k++)
			json_put_integer(w, errors->by_class[k][i]);
		json_put_end(w, ']');
		json_put_end(w, '}');
	}
	json_put_end(w, ']');
	json_put_double_of(w, "cost_of_all_false", errors->cost_false);
	json_put_double_of(w, "cost_of_all_missed", errors->cost_missed);
	json_put_end(w, '}');
}

static void put_draws(struct json_writer *w, const struct eval_analysis *x)
{
	json_put_integer_of(w, "rounds", x->options->bootstrap.rounds);
	json_put_integer_of(w, "seed", (int64_t)x->options->bootstrap.seed);
	json_put_double_of(w, "level", x->options->bootstrap.level);
}

static void put_intervals(struct json_writer *w, const struct eval_analysis *x)
{
	json_put_object(w);
	put_draws(w, x);
	json_put_key(w, "stats");
	json_put_array(w);
	for (int i = 0; i < x->input->type->n_rows; i++) {
		json_put_array(w);
		json_put_double(w, x->interval[eval_bootstrap_row(i)].low);
		json_put_double(w, x->interval[eval_bootstrap_row(i)].high);
		json_put_end(w, ']');
	}
	json_put_end(w, ']');
	json_put_end(w, '}');
}

static void put_compared_figure(struct json_writer *w, const struct eval_compared *c)
{
	json_put_double_of(w, "A", c->a);
	json_put_double_of(w, "B", c->b);
	json_put_double_of(w, "difference", c->a < 0 || c->b < 0 ? NAN : c->b - c->a);
	json_put_double_of(w, "low", c->difference.interval.low);
	json_put_double_of(w, "high", c->difference.interval.high);
	json_put_double_of(w, "p", c->difference.p);
}

static void put_compared(struct json_writer *w, const struct eval_analysis *x)
{
	int n_rows = x->input->type->n_rows;
	json_put_object(w);
	json_put_string_of(w, "results", x->options->compare);
	put_draws(w, x);
	json_put_key(w, "figures");
	json_put_array(w);
	for (int i = 0; i < n_rows; i++) {
		json_put_object(w);
		json_put_string_of(w, "name", x->input->type->rows[i].name);
		put_compared_figure(w, &x->compared[eval_bootstrap_row(i)]);
		json_put_end(w, '}');
	}
	json_put_end(w, ']');
	json_put_key(w, "per_class");
	json_put_array(w);
	for (int32_t k = 0; k < x->set->n_categories; k++) {
		json_put_object(w);
		json_put_integer_of(w, "id", x->set->categories[k].id);
		json_put_string_of(w, "name", x->set->categories[k].name);
		put_compared_figure(w, &x->compared[n_rows + k]);
		json_put_end(w, '}');
	}
	json_put_end(w, ']');
	json_put_end(w, '}');
}

static void put_analysis(struct json_writer *w, const struct eval_analysis *x)
{
	if (x->errors != NULL) {
		json_put_key(w, "errors");
		put_errors(w, x);
	}
	if (x->interval != NULL) {
		json_put_key(w, "intervals");
		put_intervals(w, x);
	}
	if (x->compared != NULL) {
		json_put_key(w, "compare");
		put_compared(w, x);
	}
}

void eval_report_json(FILE *file, const struct eval_figures *figures, const struct eval_analysis *analysis)
{
	struct json_writer w;
	json_writer_init(&w, file);
	json_put_object(&w);
	eval_figures_put(&w, figures);
	if (analysis != NULL)
		put_analysis(&w, analysis);
	json_put_end(&w, '}');
	fputc('\n', file);
}
