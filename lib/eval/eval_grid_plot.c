/* Pages of charts of many trainings. */
#include "eval/eval_grid.h"

#include "image/plot.h"

#include <math.h>
#include <string.h>

enum { MAX_CHARTS = 64 };

/* Charts under way, all in the grid's arena. */
struct page {
	const struct eval_grid *g;
	struct plot plot[MAX_CHARTS];
	int n;
};

static struct plot *add_chart(struct page *p, int64_t max_series, const char *title)
{
	if (p->n == MAX_CHARTS)
		return err_null("a page holds %d charts; give fewer schemes or fractions", (int)MAX_CHARTS);
	struct plot *plot = &p->plot[p->n];
	struct plot_series *series = arena_calloc(p->g->arena, (size_t)max_series, sizeof *series);
	if (series == NULL || title == NULL)
		return NULL;
	*plot = (struct plot){ .title = title, .legend = PLOT_BELOW, .series = series };
	p->n++;
	return plot;
}

/* A series that takes points. */
struct pen {
	struct plot_series *series;
	double *x, *y, *half;
};

/* The next series of a chart, with room for n points. */
static int begin_series(struct pen *pen, struct plot *plot, int64_t n, struct arena *a)
{
	double *values = arena_alloc(a, 3 * (size_t)n * sizeof *values);
	if (values == NULL)
		return -1;
	*pen = (struct pen){ (struct plot_series *)plot->series + plot->n_series, values, values + n, values + 2 * n };
	*pen->series = (struct plot_series){ .x = pen->x, .y = pen->y, .half = pen->half };
	plot->n_series++;
	return 0;
}

static void add_point(struct pen *pen, double x, double y, double half)
{
	int i = pen->series->n++;
	pen->x[i] = x;
	pen->y[i] = y;
	pen->half[i] = half;
}

static bool of_chart(const struct eval_grid_line *l, int method, double scheme, double fraction)
{
	return l->method == method && l->scheme == scheme && l->fraction == fraction;
}

/* The mean over the seeds that were evaluated at this step, when all were. Lines first..end-1 are the cell's. */
static double mean_at(const struct eval_grid *g, int64_t first, int64_t end, int64_t step)
{
	double sum = 0;
	int n = 0, seeds = 0;
	for (int64_t i = first; i < end; i++) {
		seeds += g->line[i].last;
		n += g->line[i].step == step;
		sum += g->line[i].step == step ? g->line[i].ap : 0;
	}
	return n == seeds ? sum / n : NAN;
}

/* Each seed pale, and their mean; lines first..end-1 are of one cell. */
static int add_curves(struct plot *plot, const struct eval_grid *g, int64_t first, int64_t end)
{
	struct pen pen = { 0 };
	for (int64_t i = first; i < end; i++) {
		if (i == first || g->line[i - 1].last) {
			TRY(begin_series(&pen, plot, end - first, g->arena));
			pen.series->faint = true;
		}
		add_point(&pen, (double)g->line[i].step, g->line[i].ap, NAN);
	}
	TRY(begin_series(&pen, plot, end - first, g->arena));
	pen.series->name = g->methods[g->line[first].method];
	pen.series->mark = PLOT_DOTS;
	for (int64_t i = first; i < end && (i == first || !g->line[i - 1].last); i++)
		add_point(&pen, (double)g->line[i].step, mean_at(g, first, end, g->line[i].step), NAN);
	return 0;
}

static int curves_chart(struct page *p, double scheme, double fraction)
{
	const struct eval_grid *g = p->g;
	struct plot *plot = add_chart(p, g->n + g->n_methods, arena_format(g->arena, "scheme %g, %g %% of the labels", scheme, 100 * fraction));
	if (plot == NULL)
		return -1;
	plot->x_label = "step";
	plot->y_label = "AP";
	for (int m = 0; m < g->n_methods; m++) {
		int64_t first = 0, end;
		while (first < g->n && !of_chart(&g->line[first], m, scheme, fraction))
			first++;
		for (end = first; end < g->n && of_chart(&g->line[end], m, scheme, fraction);)
			end++;
		if (end > first)
			TRY(add_curves(plot, g, first, end));
	}
	return 0;
}

/* All charts of a page to one scale, so that they can be compared. */
static void share_scale(struct page *p)
{
	double low = INFINITY, high = -INFINITY;
	for (int i = 0; i < p->n; i++)
		for (int l = 0; l < p->plot[i].n_series; l++) {
			const struct plot_series *s = &p->plot[i].series[l];
			for (int k = 0; k < s->n; k++) {
				double half = isnan(s->half[k]) ? 0 : s->half[k];
				low = fmin(low, s->y[k] - half);
				high = fmax(high, s->y[k] + half);
			}
		}
	for (int i = 0; i < p->n; i++) {
		p->plot[i].y_low = low;
		p->plot[i].y_high = high;
	}
}

static int write_page(const char *path, struct page *p, const char *title, const char *subtitle)
{
	share_scale(p);
	const struct plot_page page = {
		.title = title, .subtitle = subtitle, .n_plots = p->n, .plots = p->plot, .columns = p->n < 3 ? p->n : p->n == 4 ? 2 : 3,
	};
	return plot_page_write(path, &page);
}

int eval_grid_plot_curves(const char *path, const struct eval_grid *g)
{
	struct page p = { .g = g };
	for (int f = 0; f < g->n_fractions; f++)
		for (int s = 0; s < g->n_schemes; s++)
			TRY(curves_chart(&p, g->schemes[s], g->fractions[f]));
	return write_page(path, &p, "AP during the training", "pale: single seeds; dots: their mean");
}

/* Gains of all methods where the scheme goes through g->schemes, or the fraction through g->fractions; the other is `fixed`. */
static int gains_chart(struct page *p, bool by_scheme, double fixed)
{
	const struct eval_grid *g = p->g;
	const char *title = by_scheme ? arena_format(g->arena, "%g %% of the labels", 100 * fixed) : arena_format(g->arena, "scheme %g", fixed);
	struct plot *plot = add_chart(p, g->n_methods, title);
	int n = by_scheme ? g->n_schemes : g->n_fractions;
	if (plot == NULL)
		return -1;
	plot->x_label = by_scheme ? "scheme of augmentation" : "labels, %";
	plot->y_label = arena_format(g->arena, "AP above '%s'", g->methods[0]);
	if (plot->y_label == NULL)
		return -1;
	plot->x_high = by_scheme ? 5 : 100;
	for (int m = 0; m < g->n_methods; m++) {
		struct pen pen;
		TRY(begin_series(&pen, plot, n, g->arena));
		pen.series->name = g->methods[m];
		pen.series->mark = PLOT_DOTS;
		for (int i = 0; i < n; i++) {
			struct eval_grid_mean gain;
			double scheme = by_scheme ? g->schemes[i] : fixed, fraction = by_scheme ? fixed : g->fractions[i];
			TRY(eval_grid_gain(&gain, g, m, scheme, fraction));
			if (gain.n > 0)
				add_point(&pen, by_scheme ? scheme : 100 * fraction, gain.value, m == 0 ? NAN : gain.half);
		}
	}
	return 0;
}

int eval_grid_plot_gains(const char *path, const struct eval_grid *g)
{
	struct page p = { .g = g };
	char subtitle[64];
	for (int f = 0; f < g->n_fractions; f++)
		TRY(gains_chart(&p, true, g->fractions[f]));
	for (int s = 0; s < g->n_schemes && g->n_fractions > 1; s++)
		TRY(gains_chart(&p, false, g->schemes[s]));
	snprintf(subtitle, sizeof subtitle, "means over seeds with their %g %% intervals", 100 * g->level);
	return write_page(path, &p, "What the methods gain", subtitle);
}
