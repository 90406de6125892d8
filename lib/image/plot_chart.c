#include "image/plot_chart.h"

#include "image/plot_axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Pixels around the area of the lines. */
enum { LEFT = 68, RIGHT = 20, TOP = 44, BOTTOM = 52, LEGEND_ROW = 20 };

/* Colours that stay apart for colour-blind readers. */
static const char *const palette[] = {
	"#2563eb", "#e4572e", "#0f9d76", "#a23fb5", "#d99a00", "#3aa6d0", "#7a5230", "#555b66",
};
enum { N_COLORS = sizeof palette / sizeof palette[0] };

struct chart {
	FILE *file;
	const struct plot *plot;
	struct plot_axis x, y;
	int w, h;
	const char *faint;	/* how opaque faint lines are: less where there are many */
};

/* Text with the characters that mean something in XML replaced, and those that it forbids left out. */
static void put_text(FILE *file, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '<')
			fputs("&lt;", file);
		else if (*text == '>')
			fputs("&gt;", file);
		else if (*text == '&')
			fputs("&amp;", file);
		else if ((unsigned char)*text >= ' ')
			fputc(*text, file);
	}
}

void plot_put_label(FILE *file, const char *text, double x, double y, const char *attributes)
{
	if (text == NULL)
		return;
	fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
	put_text(file, text);
	fputs("</text>\n", file);
}

static bool drawable(const struct plot *p, const struct plot_series *s, int i)
{
	return isfinite(s->x[i]) && isfinite(s->y[i]) && (!p->log_y || s->y[i] > 0);
}

static double half_at(const struct plot_series *s, int i)
{
	return s->half != NULL && isfinite(s->half[i]) ? s->half[i] : 0;
}

static void make_axes(struct chart *c)
{
	const struct plot *p = c->plot;
	bool x_given = p->x_low < p->x_high, y_given = p->y_low < p->y_high;
	double x0 = x_given ? p->x_low : INFINITY, x1 = x_given ? p->x_high : -INFINITY;
	double y0 = y_given ? p->y_low : INFINITY, y1 = y_given ? p->y_high : -INFINITY;
	for (int l = 0; l < p->n_series; l++) {
		const struct plot_series *s = &p->series[l];
		for (int i = 0; i < s->n; i++) {
			if (!drawable(p, s, i))
				continue;
			x0 = fmin(x0, s->x[i]);
			x1 = fmax(x1, s->x[i] + (s->mark == PLOT_BARS ? s->width : 0));
			y0 = fmin(y0, s->y[i] - half_at(s, i));
			y1 = fmax(y1, s->y[i] + half_at(s, i));
		}
	}
	if (p->zero_y && !p->log_y && y0 > 0 && y0 <= y1)
		y0 = 0;
	c->x = plot_axis_make(x0, x1, false, 2 + c->w / 120);
	c->y = plot_axis_make(y0, y1, p->log_y, 2 + c->h / 90);
	c->x.pixel_low = LEFT;
	c->x.pixel_high = c->w - RIGHT;
	c->y.pixel_low = c->h - BOTTOM;
	c->y.pixel_high = TOP;
}

static void put_axes(struct chart *c)
{
	char label[32];
	fputs("<g stroke=\"#e3e6ea\" stroke-width=\"1\">\n", c->file);
	for (int i = 0; i < c->x.n_ticks; i++) {
		double x = plot_axis_pixel(&c->x, c->x.tick[i]);
		fprintf(c->file, "<path d=\"M%.1f %dV%d\"/>\n", x, TOP, c->h - BOTTOM);
	}
	for (int i = 0; i < c->y.n_ticks; i++) {
		double y = plot_axis_pixel(&c->y, c->y.tick[i]);
		fprintf(c->file, "<path d=\"M%d %.1fH%d\"/>\n", LEFT, y, c->w - RIGHT);
	}
	fputs("</g>\n<g fill=\"#555b66\">\n", c->file);
	for (int i = 0; i < c->x.n_ticks; i++)
		plot_put_label(c->file, plot_axis_label(&c->x, c->x.tick[i], label), plot_axis_pixel(&c->x, c->x.tick[i]),
			  c->h - BOTTOM + 18, "text-anchor=\"middle\"");
	for (int i = 0; i < c->y.n_ticks; i++)
		plot_put_label(c->file, plot_axis_label(&c->y, c->y.tick[i], label), LEFT - 8,
			  plot_axis_pixel(&c->y, c->y.tick[i]) + 4, "text-anchor=\"end\"");
	fprintf(c->file, "</g>\n<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#555b66\"/>\n", LEFT, TOP, c->h - BOTTOM,
		c->w - RIGHT);
}

static void put_titles(struct chart *c)
{
	char attributes[128];
	double middle = (LEFT + c->w - RIGHT) / 2.0, height = (TOP + c->h - BOTTOM) / 2.0;
	plot_put_label(c->file, c->plot->title, middle, 27, "text-anchor=\"middle\" font-size=\"16\" font-weight=\"600\"");
	plot_put_label(c->file, c->plot->x_label, middle, c->h - 14, "text-anchor=\"middle\"");
	snprintf(attributes, sizeof attributes, "text-anchor=\"middle\" transform=\"rotate(-90 18 %.1f)\"", height);
	plot_put_label(c->file, c->plot->y_label, 18, height, attributes);
}

/* A line under way: whether the next point continues it. */
struct pen {
	FILE *file;
	bool down;
};

static void put_point(struct pen *pen, double x, double y)
{
	fprintf(pen->file, "%s%.1f %.1f", pen->down ? " " : "M", x, y);
	pen->down = true;
}

/*
 * The end of a run of drawable points that fall on the same half pixel, from `first`; *low and *high are those of
 * the least and greatest y among them.
 */
static int same_column(const struct chart *c, const struct plot_series *s, int first, int *low, int *high)
{
	double column = floor(2 * plot_axis_pixel(&c->x, s->x[first]));
	int i = first;
	*low = *high = first;
	for (; i < s->n && drawable(c->plot, s, i) && floor(2 * plot_axis_pixel(&c->x, s->x[i])) == column; i++) {
		if (s->y[i] < s->y[*low])
			*low = i;
		if (s->y[i] > s->y[*high])
			*high = i;
	}
	return i;
}

static void put_line(struct chart *c, const struct plot_series *s, const char *color)
{
	struct pen pen = { .file = c->file };
	fprintf(c->file, "<path fill=\"none\" stroke=\"%s\" stroke-linejoin=\"round\" stroke-linecap=\"round\" stroke-width=\"%d\" "
		"stroke-opacity=\"%s\" d=\"", color, s->faint ? 1 : 2, s->faint ? c->faint : "1");
	for (int i = 0; i < s->n;) {
		int low, high;
		if (!drawable(c->plot, s, i)) {
			pen.down = false;
			i++;
			continue;
		}
		i = same_column(c, s, i, &low, &high);
		int first = low < high ? low : high, second = low < high ? high : low;
		put_point(&pen, plot_axis_pixel(&c->x, s->x[first]), plot_axis_pixel(&c->y, s->y[first]));
		if (second != first)
			put_point(&pen, plot_axis_pixel(&c->x, s->x[second]), plot_axis_pixel(&c->y, s->y[second]));
	}
	fputs("\"/>\n", c->file);
}

static void put_dots(struct chart *c, const struct plot_series *s, const char *color)
{
	fprintf(c->file, "<g fill=\"%s\">\n", color);
	for (int i = 0; i < s->n; i++)
		if (drawable(c->plot, s, i))
			fprintf(c->file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", plot_axis_pixel(&c->x, s->x[i]),
				plot_axis_pixel(&c->y, s->y[i]));
	fputs("</g>\n", c->file);
}

static void put_bars(struct chart *c, const struct plot_series *s, const char *color)
{
	fprintf(c->file, "<g fill=\"%s\" fill-opacity=\"%s\">\n", color, s->faint ? "0.3" : "0.75");
	for (int i = 0; i < s->n; i++) {
		if (!drawable(c->plot, s, i) || (s->y[i] == 0 && !c->plot->log_y))
			continue;
		double left = plot_axis_pixel(&c->x, s->x[i]), right = plot_axis_pixel(&c->x, s->x[i] + s->width);
		/* What is there is seen, even where the axis begins at it. */
		double top = fmin(plot_axis_pixel(&c->y, s->y[i]), c->y.pixel_low - 3);
		fprintf(c->file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", left, top, right - left,
			c->y.pixel_low - top);
	}
	fputs("</g>\n", c->file);
}

/* An interval is an upright stroke with feet. */
static void put_intervals(struct chart *c, const struct plot_series *s, const char *color)
{
	fprintf(c->file, "<g stroke=\"%s\" stroke-width=\"1.5\">\n", color);
	for (int i = 0; i < s->n; i++) {
		if (!drawable(c->plot, s, i) || half_at(s, i) == 0)
			continue;
		double x = plot_axis_pixel(&c->x, s->x[i]), top = plot_axis_pixel(&c->y, s->y[i] + half_at(s, i));
		double bottom = plot_axis_pixel(&c->y, s->y[i] - half_at(s, i));
		fprintf(c->file, "<path d=\"M%.1f %.1fh8m-4 0V%.1fm-4 0h8\" fill=\"none\"/>\n", x - 4, top, bottom);
	}
	fputs("</g>\n", c->file);
}

static void put_series(struct chart *c, const struct plot_series *s, const char *color)
{
	if (s->mark == PLOT_BARS) {
		put_bars(c, s, color);
		return;
	}
	put_line(c, s, color);
	if (s->half != NULL)
		put_intervals(c, s, color);
	if (s->mark == PLOT_DOTS)
		put_dots(c, s, color);
}

size_t plot_letters(const char *text)
{
	size_t n = 0;
	for (; *text != '\0'; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* How many entries the legend has, and how wide one is. */
static int legend_entries(const struct plot *p, double *width)
{
	size_t longest = 0;
	int n = 0;
	for (int l = 0; l < p->n_series; l++) {
		if (p->series[l].name == NULL)
			continue;
		size_t letters = plot_letters(p->series[l].name);
		longest = letters > longest ? letters : longest;
		n++;
	}
	*width = 46 + 7.2 * (double)longest;
	return n;
}

static int legend_columns(int w, double entry_width)
{
	int columns = (int)((w - LEFT - RIGHT) / entry_width);
	return columns < 1 ? 1 : columns;
}

int plot_legend_height(const struct plot *p, int w)
{
	double width;
	int n = legend_entries(p, &width);
	if (p->legend != PLOT_BELOW || n == 0)
		return 0;
	int columns = legend_columns(w, width);
	return LEGEND_ROW * ((n + columns - 1) / columns) + 4;
}

static void put_legend(struct chart *c, const char *const *colors)
{
	bool below = c->plot->legend == PLOT_BELOW;
	double width;
	int n = legend_entries(c->plot, &width), columns = below ? legend_columns(c->w, width) : 1;
	if (n == 0)
		return;
	double x = below ? LEFT : c->w - RIGHT - 10 - width, y = below ? c->h : TOP + 8;
	if (!below)
		fprintf(c->file, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"4\" fill=\"#ffffff\" "
			"fill-opacity=\"0.85\" stroke=\"#e3e6ea\"/>\n", x, y, width, LEGEND_ROW * n + 8);
	for (int l = 0, i = 0; l < c->plot->n_series; l++) {
		const struct plot_series *s = &c->plot->series[l];
		if (s->name == NULL)
			continue;
		double left = x + width * (i % columns), top = y + LEGEND_ROW * (double)(i / columns);
		fprintf(c->file, "<path d=\"M%.1f %.1fh20\" stroke=\"%s\" %s/>\n", left + 8, top + 14, colors[l],
			s->faint ? "stroke-width=\"1\" stroke-opacity=\"0.5\"" : "stroke-width=\"2.5\"");
		plot_put_label(c->file, s->name, left + 36, top + 18, "fill=\"#22262e\"");
		i++;
	}
}

void plot_put_head(FILE *file, int w, int h)
{
	fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		"font-family=\"system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#22262e\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n", w, h, w, h);
}

void plot_put_chart(FILE *file, const struct plot *p, int w, int h, int below)
{
	struct chart chart = { .file = file, .plot = p, .w = w, .h = h - below };
	const char *colors[PLOT_MAX_SERIES];
	int next = 0, n_faint = 0;
	for (int l = 0; l < p->n_series; l++)
		n_faint += p->series[l].faint;
	chart.faint = n_faint <= 24 ? "0.3" : "0.18";
	make_axes(&chart);
	put_axes(&chart);
	put_titles(&chart);
	for (int l = 0; l < p->n_series; l++) {
		colors[l] = palette[next % N_COLORS];
		next += !p->series[l].faint;
		put_series(&chart, &p->series[l], colors[l]);
	}
	put_legend(&chart, colors);
}

int plot_check(const struct plot *p)
{
	if (p->n_series > PLOT_MAX_SERIES)
		return err_set("plot: %d series; a chart holds %d", p->n_series, PLOT_MAX_SERIES);
	return 0;
}
