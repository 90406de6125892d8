#include "image/stats_page.h"

#include "image/plot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHARTS = 3, MOST_BINS = 48, MOST_CLASSES = 400 };

/* Bars of equal width over numbers from 0 to nearly the largest: the last bar holds what is above. */
static int put_bins(struct plot_series *series, const struct stats_spread *s, struct arena *a)
{
	int64_t last = s->n > 0 ? s->max : 0, rare = s->n > 0 ? stats_quantile(s, 0.995) : 0;
	/* One image with a thousand objects would leave nothing to see of the others. */
	if (last > 2 * rare)
		last = 2 * rare;
	int64_t width = last / MOST_BINS + 1;
	int n = (int)(last / width) + 1;
	double *x = arena_calloc(a, (size_t)n, sizeof *x), *y = arena_calloc(a, (size_t)n, sizeof *y);
	if (x == NULL || y == NULL)
		return -1;
	for (int i = 0; i < n; i++) {
		x[i] = (double)(i * width);
		y[i] = (double)stats_between(s, i * width, i == n - 1 ? STATS_BINS - 1 : (i + 1) * width - 1);
	}
	*series = (struct plot_series){ .n = n, .x = x, .y = y, .mark = PLOT_BARS, .width = (double)width };
	return 0;
}

/* For each number that came, the part of all that is no larger, as steps. */
static int put_parts(struct plot_series *series, const char *name, const struct stats_spread *s, struct arena *a)
{
	int different = 0, n = 0;
	for (int64_t i = 0; i < STATS_BINS; i++)
		different += s->bins[i] > 0;
	double *x = arena_calloc(a, 2 * (size_t)different + 1, sizeof *x), *y = arena_calloc(a, 2 * (size_t)different + 1, sizeof *y);
	if (x == NULL || y == NULL)
		return -1;
	int64_t below = 0;
	for (int64_t i = 0; i < STATS_BINS; i++) {
		if (s->bins[i] == 0)
			continue;
		x[n] = x[n + 1] = (double)i;
		y[n] = (double)below / (double)s->n;
		below += s->bins[i];
		y[n + 1] = (double)below / (double)s->n;
		n += 2;
	}
	*series = (struct plot_series){ .name = name, .n = n, .x = x, .y = y };
	return 0;
}

struct counted {
	const char *name;
	int64_t n;
	int label;
};

static int compare_counted(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->label - y->label;
}

/* The classes, the most frequent one first. */
static int put_classes(struct plot_page *page, const struct stats *s, struct arena *a)
{
	int n = s->header.n_categories, shown = n < MOST_CLASSES ? n : MOST_CLASSES;
	struct counted *all = arena_calloc(a, (size_t)n, sizeof *all);
	struct plot_bar *bars = arena_calloc(a, (size_t)shown, sizeof *bars);
	const char **texts = arena_calloc(a, (size_t)shown, sizeof *texts);
	if (all == NULL || bars == NULL || texts == NULL)
		return -1;
	for (int i = 0; i < n; i++)
		all[i] = (struct counted){ s->header.categories[i].name, stats_bar(s, i), i };
	if (n > 0)
		qsort(all, (size_t)n, sizeof *all, compare_counted);
	for (int i = 0; i < shown; i++) {
		char text[32];
		bars[i] = (struct plot_bar){ all[i].name, all[0].n > 0 ? (double)all[i].n / (double)all[0].n : 0, -1 };
		snprintf(text, sizeof text, "%" PRId64, all[i].n);
		texts[i] = arena_strdup(a, text);
		if (texts[i] == NULL)
			return -1;
	}
	page->n_bars = shown;
	page->bars = bars;
	page->bar_texts = texts;
	return 0;
}

int stats_page_write(const char *path, const struct stats *s, struct arena *a)
{
	struct plot_series per_record, side, sizes[2];
	char subtitle[160], classes[96];
	TRY(put_bins(&per_record, &s->per_record, a));
	TRY(put_bins(&side, &s->side, a));
	TRY(put_parts(&sizes[0], "width", &s->w, a));
	TRY(put_parts(&sizes[1], "height", &s->h, a));
	const struct plot plots[CHARTS] = {
		{ .title = "objects in an image", .x_label = "objects", .y_label = "images", .zero_y = true, .n_series = 1,
		  .series = &per_record },
		{ .title = "size of objects", .x_label = "square root of the box's area, pixels", .y_label = "objects",
		  .zero_y = true, .n_series = 1, .series = &side },
		{ .title = "size of images", .x_label = "pixels", .y_label = "part of the images that is no larger",
		  .y_low = 0, .y_high = 1, .legend = PLOT_BELOW, .n_series = 2, .series = sizes },
	};
	const char *slash = strrchr(s->name, '/');
	struct plot_page page = { .title = slash != NULL ? slash + 1 : s->name, .subtitle = subtitle, .n_plots = CHARTS,
				  .plots = plots, .bars_title = classes };
	snprintf(subtitle, sizeof subtitle, "%" PRId64 " images, %" PRId64 " of them without objects; %" PRId64 " objects; "
		 "%d classes", s->records, s->empty, s->objects, s->header.n_categories);
	TRY(put_classes(&page, s, a));
	snprintf(classes, sizeof classes, page.n_bars < s->header.n_categories ? "%s of the %d most frequent classes" : "%s of a class",
		 s->objects > 0 ? "objects" : "images", page.n_bars);
	return plot_page_write(path, &page);
}
