/* Tables of many trainings. */
#include "eval/eval_cell.h"
#include "eval/eval_grid.h"

#include "base/utf8.h"

#include <math.h>
#include <string.h>

/* What a row says. */
struct row {
	const char *method;
	double scheme, fraction;
	struct eval_grid_mean ap, gain;
};

typedef void put_row(FILE *file, const struct row *row, int width);

/* Every cell that has trainings, the methods of a scheme and fraction below each other. */
static int for_each_row(FILE *file, const struct eval_grid *g, put_row *put, int width)
{
	for (int f = 0; f < g->n_fractions; f++)
		for (int s = 0; s < g->n_schemes; s++)
			for (int m = 0; m < g->n_methods; m++) {
				struct row r = { .method = g->methods[m], .scheme = g->schemes[s], .fraction = g->fractions[f] };
				TRY(eval_grid_ap(&r.ap, g, m, r.scheme, r.fraction));
				TRY(eval_grid_gain(&r.gain, g, m, r.scheme, r.fraction));
				r.gain.n = m == 0 ? 0 : r.gain.n;
				if (r.ap.n > 0)
					put(file, &r, width);
			}
	return 0;
}

static void print_mean(FILE *file, const struct eval_grid_mean *mean, const char *sign)
{
	char text[32] = "";
	if (mean->n > 0)
		snprintf(text, sizeof text, sign[0] == '+' ? "%+.4f" : "%.4f", mean->value);
	fprintf(file, "  %7s", text);
	text[0] = '\0';
	if (mean->n > 1)
		snprintf(text, sizeof text, "%.4f", mean->half);
	fprintf(file, " %s%6s", mean->n > 1 ? "±" : " ", text);
}

static void print_row(FILE *file, const struct row *r, int width)
{
	fprintf(file, "%s%*s  %6g  %8g  %5d", r->method, width - (int)utf8_columns(r->method), "", r->scheme, r->fraction, r->ap.n);
	print_mean(file, &r->ap, "");
	if (r->gain.n > 0)
		print_mean(file, &r->gain, "+");
	fputc('\n', file);
}

int eval_grid_print(FILE *file, const struct eval_grid *g)
{
	int width = (int)strlen("method");
	for (int m = 0; m < g->n_methods; m++)
		width = (int)utf8_columns(g->methods[m]) > width ? (int)utf8_columns(g->methods[m]) : width;
	fprintf(file, "%-*s  scheme  fraction  seeds       AP%s\n", width, "method", g->n_methods > 1 ? "                gain" : "");
	TRY(for_each_row(file, g, print_row, width));
	fprintf(file, "\nAP: mean over the seeds, at the end of the training; ±: %g %% interval of the mean.\n", 100 * g->level);
	if (g->n_methods > 1)
		fprintf(file, "gain: over '%s', seed by seed.\n", g->methods[0]);
	return 0;
}

static void csv_mean(FILE *file, const struct eval_grid_mean *mean)
{
	if (mean->n == 0) {
		fputs(",,,", file);
		return;
	}
	fprintf(file, ",%.17g", mean->value);
	if (mean->n == 1)
		fputs(",,", file);
	else
		fprintf(file, ",%.17g,%.17g", mean->value - mean->half, mean->value + mean->half);
}

static void csv_row(FILE *file, const struct row *r, int width)
{
	(void)width;
	eval_put_csv(file, r->method);
	fprintf(file, ",%g,%.17g,%d", r->scheme, r->fraction, r->ap.n);
	csv_mean(file, &r->ap);
	fprintf(file, ",%d", r->gain.n);
	csv_mean(file, &r->gain);
	fputc('\n', file);
}

int eval_grid_csv(FILE *file, const struct eval_grid *g)
{
	fputs("method,scheme,fraction,seeds,AP,AP_low,AP_high,pairs,gain,gain_low,gain_high\n", file);
	return for_each_row(file, g, csv_row, 0);
}
