#include "image/plot.h"

#include "base/io.h"
#include "image/plot_chart.h"

#include <math.h>
#include <stdio.h>

/* Pixels. */
enum { PAGE_W = 1260, MARGIN = 20, HEAD = 70, CHART_H = 380, BARS_HEAD = 54, BAR_H = 17 };
/* Letters of a bar's name, and pixels that one takes. */
enum { LEAST_LETTERS = 10, MOST_LETTERS = 90 };
static const double LETTER = 6.6;

/* Where letter n of a text begins, or its end. */
static const char *letter_at(const char *text, size_t n)
{
	for (; *text != '\0'; text++)
		if ((*text & 0xc0) != 0x80 && n-- == 0)
			break;
	return text;
}

/* The name with its end at x; one of too many letters without its middle: what names have in common is mostly their beginning. */
static void put_name(FILE *file, const char *name, int letters, double x, double y)
{
	char text[4 * MOST_LETTERS + 8];
	size_t n = plot_letters(name), before = (size_t)letters / 2, behind = (size_t)letters - 1 - before;
	if (n > (size_t)letters) {
		snprintf(text, sizeof text, "%.*s\xe2\x80\xa6%s", (int)(letter_at(name, before) - name), name,
			 letter_at(name, n - behind));
		name = text;
	}
	plot_put_label(file, name, x, y, "text-anchor=\"end\" font-size=\"11\"");
}

/* How the bars are laid out: names get at most half of a column, and fewer columns where that does not do for the longest one. */
struct layout {
	int columns, rows, letters;
	double width;	/* of a column */
};

static struct layout lay_out(const struct plot_page *page)
{
	const double share = 0.45;
	int n = page->n_bars, longest = LEAST_LETTERS;
	struct layout l = { .columns = n <= 6 ? 1 : n <= 20 ? 2 : n <= 60 ? 3 : 4 };
	for (int i = 0; i < n; i++)
		longest = plot_letters(page->bars[i].name) > (size_t)longest ? (int)plot_letters(page->bars[i].name) : longest;
	while (l.columns > 2 && LETTER * longest > share * (PAGE_W - 2 * MARGIN) / l.columns)
		l.columns--;
	l.rows = (n + l.columns - 1) / l.columns;
	l.width = (double)(PAGE_W - 2 * MARGIN) / l.columns;
	l.letters = (int)fmin(longest, fmin(MOST_LETTERS, share * l.width / LETTER));
	return l;
}

/* text: what stands behind it; NULL: its value. */
static void put_bar(FILE *file, const struct plot_bar *bar, const char *text, int letters, double x, double y,
		    double width)
{
	char value[32];
	double name = LETTER * letters + 6, room = width - name - 52;
	put_name(file, bar->name, letters, x + name, y + 12);
	x += name + 6;
	fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"#f1f3f5\"/>\n", x, y + 2, room, BAR_H - 4);
	if (bar->behind > 0)
		fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"#bcd0f7\"/>\n", x, y + 2,
			room * fmin(bar->behind, 1), BAR_H - 4);
	if (bar->value > 0)
		fprintf(file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" fill=\"#2563eb\"/>\n", x, y + 2,
			room * fmin(bar->value, 1), BAR_H - 4);
	snprintf(value, sizeof value, "%.3f", bar->value);
	plot_put_label(file, text != NULL ? text : bar->value < 0 ? "-" : value, x + room + 6, y + 12, "font-size=\"11\" fill=\"#555b66\"");
}

static void put_bars(FILE *file, const struct plot_page *page, const struct layout *l, double y)
{
	plot_put_label(file, page->bars_title, PAGE_W / 2.0, y + 30,
		       "text-anchor=\"middle\" font-size=\"16\" font-weight=\"600\"");
	for (int i = 0; i < page->n_bars; i++)
		put_bar(file, &page->bars[i], page->bar_texts != NULL ? page->bar_texts[i] : NULL, l->letters,
			MARGIN + l->width * (i / l->rows), y + BARS_HEAD - 6 + BAR_H * (double)(i % l->rows), l->width);
}

/* How the charts are laid out; below: pixels of the tallest legend. */
struct rows {
	int columns, n, width, height, below;
};

static struct rows lay_out_charts(const struct plot_page *page)
{
	struct rows r = { .columns = page->columns > 0 ? page->columns : page->n_plots };
	if (page->n_plots == 0)
		return r;
	r.n = (page->n_plots + r.columns - 1) / r.columns;
	r.width = PAGE_W / r.columns;
	for (int i = 0; i < page->n_plots; i++) {
		int needed = plot_legend_height(&page->plots[i], r.width);
		r.below = needed > r.below ? needed : r.below;
	}
	r.height = CHART_H + r.below;
	return r;
}

int plot_page_write(const char *path, const struct plot_page *page)
{
	struct atomic_file f;
	struct rows rows = lay_out_charts(page);
	int bars_y = HEAD + rows.n * rows.height, h = bars_y;
	struct layout layout = lay_out(page);
	if (page->n_bars > 0)
		h += BARS_HEAD + BAR_H * layout.rows;
	for (int i = 0; i < page->n_plots; i++)
		TRY(plot_check(&page->plots[i]));
	TRY(atomic_fopen(&f, path));
	plot_put_head(f.file, PAGE_W, h + MARGIN);
	plot_put_label(f.file, page->title, PAGE_W / 2.0, 32, "text-anchor=\"middle\" font-size=\"20\" font-weight=\"600\"");
	plot_put_label(f.file, page->subtitle, PAGE_W / 2.0, 56, "text-anchor=\"middle\" font-size=\"13\" fill=\"#555b66\"");
	for (int i = 0; i < page->n_plots; i++) {
		fprintf(f.file, "<g transform=\"translate(%d %d)\">\n", i % rows.columns * rows.width,
			HEAD + i / rows.columns * rows.height);
		plot_put_chart(f.file, &page->plots[i], rows.width, rows.height, rows.below);
		fputs("</g>\n", f.file);
	}
	if (page->n_bars > 0)
		put_bars(f.file, page, &layout, bars_y);
	fputs("</svg>\n", f.file);
	return atomic_commit(&f);
}
