/* Charts: well-formed XML whatever the data and texts, lines inside the picture, round ticks. */
#include "image/plot.h"
#include "image/plot_axis.h"
#include "tests/tap.h"

#include <expat.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/plot.XXXXXX";

/* What the parser saw. */
struct seen {
	int lines;	/* paths that are series */
	int texts;
	int moves;	/* pieces of lines */
	int points;
	double left, right, top, bottom;	/* of the lines */
	int circles, rects;
	double rect[16][4];	/* x y w h */
	int strokes;	/* paths with feet: intervals */
};

static void see_points(struct seen *s, const char *d)
{
	char *end;
	for (; *d != '\0'; d = end) {
		s->moves += *d == 'M';
		double x = strtod(d + (*d == 'M' || *d == ' '), &end), y = strtod(end, &end);
		s->points++;
		s->left = fmin(s->left, x);
		s->right = fmax(s->right, x);
		s->top = fmin(s->top, y);
		s->bottom = fmax(s->bottom, y);
	}
}

static void see_rect(struct seen *s, const char **attributes)
{
	static const char *const names[] = { "x", "y", "width", "height" };
	for (int i = 0; attributes[i] != NULL && s->rects < 16; i += 2)
		for (int j = 0; j < 4; j++)
			if (strcmp(attributes[i], names[j]) == 0)
				s->rect[s->rects][j] = strtod(attributes[i + 1], NULL);
	s->rects++;
}

static void start(void *data, const char *name, const char **attributes)
{
	struct seen *s = data;
	const char *d = NULL;
	bool line = false;
	s->texts += strcmp(name, "text") == 0;
	s->circles += strcmp(name, "circle") == 0;
	if (strcmp(name, "rect") == 0)
		see_rect(s, attributes);
	for (int i = 0; attributes[i] != NULL; i += 2) {
		line |= strcmp(attributes[i], "stroke-linejoin") == 0;
		if (strcmp(attributes[i], "d") == 0)
			d = attributes[i + 1];
	}
	s->strokes += d != NULL && strstr(d, "h8m-4 0V") != NULL;
	if (!line)
		return;
	s->lines++;
	see_points(s, d);
}

/* Read what has been written. */
static bool parse(struct seen *seen, bool written, const char *name)
{
	static char text[1 << 20];
	*seen = (struct seen){ .left = INFINITY, .right = -INFINITY, .top = INFINITY, .bottom = -INFINITY };
	FILE *file = fopen(path, "r");
	size_t size = file == NULL ? 0 : fread(text, 1, sizeof text, file);
	XML_Parser parser = XML_ParserCreate(NULL);
	XML_SetUserData(parser, seen);
	XML_SetStartElementHandler(parser, start);
	bool parsed = XML_Parse(parser, text, (int)size, 1) == XML_STATUS_OK;
	ok(written && parsed, "%s: well-formed", name);
	if (!parsed)
		printf("# %s\n", written ? XML_ErrorString(XML_GetErrorCode(parser)) : err_get());
	XML_ParserFree(parser);
	if (file != NULL)
		fclose(file);
	return written && parsed;
}

static bool draw(struct seen *seen, const struct plot *p, const char *name)
{
	return parse(seen, plot_svg_write(path, p) == 0, name);
}

/* Names too long for two columns lose their middle; those that two columns hold lose nothing. */
static void check_names(void)
{
	static const char *const names[] = { "sixty letters of a name, of which nothing is lost at the end", "the beginning of a name of "
		"more than one hundred and twenty letters, which are too many for any page, and its \xc3\xa9nd" };
	struct plot_bar bars[70];
	struct seen seen;
	for (int which = 0; which < 2; which++) {
		for (int i = 0; i < 70; i++)
			bars[i] = (struct plot_bar){ names[which], 0.5, -1 };
		struct plot_page page = { .n_bars = 70 - 68 * !which, .bars = bars };
		parse(&seen, plot_page_write(path, &page) == 0, "long names");
		FILE *file = fopen(path, "r");
		static char text[1 << 16];
		text[file == NULL ? 0 : fread(text, 1, sizeof text - 1, file)] = '\0';
		if (file != NULL)
			fclose(file);
		if (which == 0)
			ok(strstr(text, names[0]) != NULL, "a name that fits is there");
		else
			ok(strstr(text, ">the beginning of a") != NULL && strstr(text, "\xe2\x80\xa6") != NULL &&
			   strstr(text, "and its \xc3\xa9nd<") != NULL, "of another the beginning and the end are");
	}
}

/* Bars stand on the axis and end at their value; a page holds all charts and bars, none outside. */
static void check_page(void)
{
	static const double left[] = { 0, 0.5 }, height[] = { 1, 0 };
	static const struct plot_bar bars[] = { { "one & <two>", 0.5, 0.75 }, { "gr\xc3\xb6\xc3\x9f" "er als der Platz, der da ist", 2, -1 },
		{ "none", -1, -1 } };
	struct plot_series series[] = { { .name = "bars", .n = 2, .x = left, .y = height, .mark = PLOT_BARS, .width = 0.5 },
		{ .name = "dots", .n = 2, .x = left, .y = height, .mark = PLOT_DOTS } };
	struct plot plots[] = { { .n_series = 2, .series = series, .legend = PLOT_BELOW, .x_high = 2, .y_high = 2 },
		{ .n_series = 1, .series = series, .log_y = true } };
	struct seen seen;
	draw(&seen, &plots[0], "bars and dots");
	is_int(seen.rects, 1 + 1, "the background and one bar: what is 0 has none");
	is_near(seen.rect[1][0] + seen.rect[1][2], 68 + (800 - 68 - 20) / 4.0, 0.06, "it ends at 0.5 of 2");
	is_near(seen.rect[1][3], (480 - 24 - 44 - 52) / 2.0, 0.06, "and is as high as 1 of 2, with the legend below");
	is_int(seen.circles, 2, "two dots");
	static const double half[] = { 3, NAN };
	struct plot_series interval = { .n = 2, .x = left, .y = height, .half = half };
	struct plot with = { .n_series = 1, .series = &interval };
	draw(&seen, &with, "an interval");
	is_int(seen.strokes, 1, "where it is finite");
	struct plot_page page = { .title = "page", .n_plots = 2, .plots = plots, .bars_title = "bars", .n_bars = 3, .bars = bars };
	parse(&seen, plot_page_write(path, &page) == 0, "a page");
	is_int(seen.lines, 1, "one line");
	is_int(seen.rects, 1 + 2 + 1 + 3 + 3, "background, bars of two charts, a legend, three rows and what is in them");
	struct plot_page rows = { .n_plots = 2, .plots = plots, .columns = 1 };
	parse(&seen, plot_page_write(path, &rows) == 0, "charts below each other");
	is_near(seen.rect[1][0] + seen.rect[1][2], 68 + (1260 - 68 - 20) / 4.0, 0.06, "are as wide as the page");
	page = (struct plot_page){ .title = "nothing" };
	parse(&seen, plot_page_write(path, &page) == 0, "an empty page");
	check_names();
	ok(plot_page_write("/nonexistent/x.svg", &page) != 0, "cannot write: %s", err_get());
}

static void is_ticks(double low, double high, bool log, const char *want)
{
	struct plot_axis axis = plot_axis_make(low, high, log, 5);
	char got[512] = "", label[32];
	for (int i = 0; i < axis.n_ticks; i++) {
		strcat(got, i > 0 ? " " : "");
		strcat(got, plot_axis_label(&axis, axis.tick[i], label));
	}
	is_text(got, want, "ticks");
}

static void check_ticks(void)
{
	is_ticks(0, 1, false, "0.0 0.2 0.4 0.6 0.8 1.0");
	is_ticks(0.13, 2.7, false, "0 1 2 3");
	is_ticks(-3, 11, false, "-5 0 5 10 15");
	is_ticks(0, 12345, false, "0 5000 10000 15000");
	is_ticks(3, 3, false, "1 2 3 4 5");
	is_ticks(0.002, 0.0033, false, "0.0020 0.0025 0.0030 0.0035");
	is_ticks(0.3, 4, true, "0.1 0.2 0.5 1 2 5 10");
	is_ticks(1e-5, 1, true, "1e-05 0.0001 0.001 0.01 0.1 1");
	is_ticks(1, 0, false, "0.0 0.2 0.4 0.6 0.8 1.0");
}

int main(void)
{
	enum { N = 5000 };
	static double x[N], y[N], mean[N];
	struct seen seen;
	if (close(mkstemp(path)) != 0)
		return 1;
	for (int i = 0; i < N; i++) {
		x[i] = i;
		mean[i] = 0.2 + 2 * exp(-i / 900.0);
		y[i] = mean[i] * (1 + 0.3 * sin(i * 12.9898 + sin(i * 78.233) * 437.5));
	}
	struct plot_series series[] = { { .n = N, .x = x, .y = y, .faint = true }, { .name = "loss & <more>", .n = N, .x = x, .y = mean } };
	struct plot p = { .title = "a < b & \"c\" > 'd'\n\001", .x_label = "step", .y_label = "Verlust \xc3\xa4", .n_series = 2,
		.series = series };
	draw(&seen, &p, "two series");
	is_int(seen.lines, 2, "two lines");
	ok(seen.points < 8000 && seen.points > 2000, "%d of 10,000 points are drawn", seen.points);
	ok(seen.left >= 0 && seen.right <= 800 && seen.top >= 0 && seen.bottom <= 480, "lines lie inside");
	p.log_y = true;
	draw(&seen, &p, "logarithmic");
	ok(seen.left >= 0 && seen.right <= 800 && seen.top >= 0 && seen.bottom <= 480, "lines lie inside");

	double gaps_y[] = { 1, NAN, 2, 3, -1, 4 }, gaps_x[] = { 0, 1, 2, 3, 4, 5 };
	struct plot_series gaps = { .name = "gaps", .n = 6, .x = gaps_x, .y = gaps_y };
	p = (struct plot){ .n_series = 1, .series = &gaps, .w = 300, .h = 200 };
	draw(&seen, &p, "a gap");
	is_int(seen.moves, 2, "NaN interrupts the line");
	is_int(seen.points, 5, "and is not drawn");
	p.log_y = true;
	draw(&seen, &p, "a gap, logarithmic");
	is_int(seen.moves, 3, "what is not positive interrupts it too");

	p = (struct plot){ 0 };
	draw(&seen, &p, "nothing");
	struct plot_series none = { .name = "none", .n = 0 }, one = { .n = 1, .x = x, .y = mean };
	p = (struct plot){ .n_series = 1, .series = &none, .log_y = true };
	draw(&seen, &p, "no points");
	p.series = &one;
	draw(&seen, &p, "one point");
	is_int(seen.points, 1, "one point is drawn");
	p.w = 100;
	ok(plot_svg_write(path, &p) != 0, "too small: %s", err_get());
	p.w = 0;
	ok(plot_svg_write("/nonexistent/x.svg", &p) != 0, "cannot write: %s", err_get());

	p.n_series = PLOT_MAX_SERIES + 1;
	ok(plot_svg_write(path, &p) != 0, "too many: %s", err_get());

	check_page();
	check_ticks();
	unlink(path);
	return tap_done();
}
