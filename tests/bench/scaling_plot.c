/*
 * Charts of how a step's time grows, as SVG:
 *
 *     scaling_plot OUT.svg < LINES
 *
 * Lines have four fields between tabs: chart, series, x, seconds; those of a series are adjacent, those of a chart too.
 * The chart's name is "title, label of x".
 */
#include "image/plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CHARTS = 4, MOST_SERIES = 8, MOST_POINTS = 32, TEXT = 64 };

struct chart {
	char name[TEXT], names[MOST_SERIES][TEXT];
	double x[MOST_SERIES][MOST_POINTS], y[MOST_SERIES][MOST_POINTS];
	struct plot_series series[MOST_SERIES];
	int n_series;
};

static struct chart charts[MOST_CHARTS];

/* Add a point to the last series, or to a new one. */
static int add_point(int *n, const char *chart, const char *series, double x, double y)
{
	if (*n == 0 || strcmp(charts[*n - 1].name, chart) != 0) {
		if (*n == MOST_CHARTS)
			return err_set("more than %d charts", (int)MOST_CHARTS);
		snprintf(charts[(*n)++].name, TEXT, "%s", chart);
	}
	struct chart *c = &charts[*n - 1];
	int i = c->n_series - 1;
	if (i < 0 || strcmp(c->names[i], series) != 0) {
		if (++i == MOST_SERIES)
			return err_set("more than %d series", (int)MOST_SERIES);
		c->n_series++;
		snprintf(c->names[i], TEXT, "%s", series);
		c->series[i] = (struct plot_series){ .name = c->names[i], .x = c->x[i], .y = c->y[i], .mark = PLOT_DOTS };
	}
	int at = c->series[i].n;
	if (at == MOST_POINTS)
		return err_set("more than %d points", (int)MOST_POINTS);
	c->x[i][at] = x;
	c->y[i][at] = y;
	c->series[i].n++;
	return 0;
}

static int read_charts(FILE *file)
{
	char line[256], chart[TEXT], series[TEXT];
	double x, y;
	int n = 0;
	while (fgets(line, sizeof line, file) != NULL) {
		if (sscanf(line, "%63[^\t]\t%63[^\t]\t%lf\t%lf", chart, series, &x, &y) != 4)
			return err_set("not a line of four fields: %s", line);
		TRY(add_point(&n, chart, series, x, y));
	}
	return n;
}

static int draw(const char *path)
{
	struct plot plots[MOST_CHARTS];
	int n = read_charts(stdin);
	if (n < 1)
		return n < 0 ? -1 : err_set("no lines");
	for (int i = 0; i < n; i++) {
		char *comma = strchr(charts[i].name, ',');
		if (comma != NULL)
			*comma = '\0';
		plots[i] = (struct plot){ .title = charts[i].name, .x_label = comma == NULL ? NULL : comma + 2, .y_label = "seconds a step",
			.zero_y = true, .x_high = 1e-9, .legend = PLOT_BELOW, .n_series = charts[i].n_series, .series = charts[i].series };
	}
	return plot_page_write(path, &(struct plot_page){ .title = "Time of a training step", .n_plots = n, .plots = plots });
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: scaling_plot OUT.svg < LINES\n");
		return 2;
	}
	if (draw(argv[1]) == 0)
		return 0;
	fprintf(stderr, "scaling_plot: %s\n", err_get());
	return 1;
}
