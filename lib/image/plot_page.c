#include "image/plot.h"

#include "base/io.h"
#include "image/plot_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Pixels. */
enum { PAGE_W = 1260, MARGIN = 20, HEAD = 70, CHART_H = 380, BARS_HEAD = 44, BAR_H = 17, NAME_LETTERS = 18 };

/* The name, cut to fit its column. */
static void put_name(FILE *file, const char *name, double x, double y)
{
	char text[4 * NAME_LETTERS + 8];
	size_t used = 0, letters = 0;
	bool cut = plot_letters(name) > NAME_LETTERS;
	for (; name[used] != '\0' && used + 4 < sizeof text; used++) {
		letters += (name[used] & 0xc0) != 0x80;
		if (letters > NAME_LETTERS - (size_t)cut)
			break;
		text[used] = name[used];
	}
	strcpy(text + used, cut ? "\xe2\x80\xa6" : "");
	plot_put_label(file, text, x, y, "text-anchor=\"end\" font-size=\"11\"");
}

static void put_bar(FILE *file, const struct plot_bar *bar, double x, double y, double width)
{
	char text[32];
	double room = width - 190;
	put_name(file, bar->name, x + 132, y + 12);
	x += 138;
	fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"#f1f3f5\"/>\n", x, y + 2, room, BAR_H - 4);
	if (bar->behind > 0)
		fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"#bcd0f7\"/>\n", x, y + 2,
			room * fmin(bar->behind, 1), BAR_H - 4);
	if (bar->value > 0)
		fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"#2563eb\"/>\n", x, y + 2,
			room * fmin(bar->value, 1), BAR_H - 4);
	snprintf(text, sizeof text, "%.3f", bar->value);
	plot_put_label(file, bar->value < 0 ? "-" : text, x + room + 6, y + 12, "font-size=\"11\" fill=\"#555b66\"");
}

static int bar_columns(int n)
{
	return n <= 6 ? 1 : n <= 20 ? 2 : n <= 60 ? 3 : 4;
}

static int bar_rows(int n)
{
	return (n + bar_columns(n) - 1) / bar_columns(n);
}

static void put_bars(FILE *file, const struct plot_page *page, double y)
{
	double width = (double)(PAGE_W - 2 * MARGIN) / bar_columns(page->n_bars);
	int rows = bar_rows(page->n_bars);
	plot_put_label(file, page->bars_title, PAGE_W / 2.0, y + 22,
		       "text-anchor=\"middle\" font-size=\"16\" font-weight=\"600\"");
	for (int i = 0; i < page->n_bars; i++)
		put_bar(file, &page->bars[i], MARGIN + width * (i / rows), y + BARS_HEAD - 6 + BAR_H * (double)(i % rows), width);
}

int plot_page_write(const char *path, const struct plot_page *page)
{
	struct atomic_file f;
	int width = page->n_plots > 0 ? PAGE_W / page->n_plots : 0, below = 0;
	for (int i = 0; i < page->n_plots; i++) {
		int needed = plot_legend_height(&page->plots[i], width);
		below = needed > below ? needed : below;
	}
	int h = HEAD + (page->n_plots > 0 ? CHART_H + below : 0);
	int bars_y = h;
	if (page->n_bars > 0)
		h += BARS_HEAD + BAR_H * bar_rows(page->n_bars);
	for (int i = 0; i < page->n_plots; i++)
		TRY(plot_check(&page->plots[i]));
	TRY(atomic_fopen(&f, path));
	plot_put_head(f.file, PAGE_W, h + MARGIN);
	plot_put_label(f.file, page->title, PAGE_W / 2.0, 32, "text-anchor=\"middle\" font-size=\"20\" font-weight=\"600\"");
	plot_put_label(f.file, page->subtitle, PAGE_W / 2.0, 56, "text-anchor=\"middle\" font-size=\"13\" fill=\"#555b66\"");
	for (int i = 0; i < page->n_plots; i++) {
		fprintf(f.file, "<g transform=\"translate(%d %d)\">\n", i * width, HEAD);
		plot_put_chart(f.file, &page->plots[i], width, CHART_H + below, below);
		fputs("</g>\n", f.file);
	}
	if (page->n_bars > 0)
		put_bars(f.file, page, bars_y);
	fputs("</svg>\n", f.file);
	return atomic_commit(&f);
}
