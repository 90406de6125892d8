#include "eval/eval_grid.h"

#include "coco/text_file.h"
#include "eval/student_t.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6 };
static const char heading[] = "method,scheme,fraction,seed,step,AP";

static int find_method(struct eval_grid *g, const char *name, int64_t *room)
{
	for (int i = 0; i < g->n_methods; i++)
		if (strcmp(g->methods[i], name) == 0)
			return i;
	TRY(arena_grow(&g->methods, g->n_methods, room, sizeof *g->methods, g->arena));
	g->methods[g->n_methods] = name;
	return g->n_methods++;
}

/* Cut a line at its commas. False: it has not so many columns. */
static bool split(char *column[COLUMNS], char *line)
{
	for (int i = 0; i < COLUMNS; i++) {
		column[i] = line;
		char *comma = strchr(line, ',');
		if ((comma == NULL) != (i == COLUMNS - 1))
			return false;
		if (comma != NULL) {
			*comma = '\0';
			line = comma + 1;
		}
	}
	return column[0][0] != '\0';
}

static bool read_whole(int64_t *value, const char *text)
{
	char *end;
	*value = strtoll(text, &end, 10);
	return end != text && *end == '\0' && *value >= 0 && *value < INT64_MAX;
}

static bool read_number(double *value, const char *text)
{
	char *end;
	*value = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*value);
}

/* NULL, or what is wrong with the columns. */
static const char *fill_line(struct eval_grid_line *l, char *const column[COLUMNS])
{
	int64_t scheme;
	if (!read_whole(&scheme, column[1]) || scheme > 1000)
		return "the scheme is not a whole number";
	l->scheme = (int)scheme;
	if (!read_number(&l->fraction, column[2]) || l->fraction <= 0 || l->fraction > 1)
		return "the fraction is not a number above 0 up to 1";
	if (!read_whole(&l->seed, column[3]) || !read_whole(&l->step, column[4]))
		return "seed and step are not whole numbers";
	if (!read_number(&l->ap, column[5]) || l->ap < 0 || l->ap > 1)
		return "the AP is not a number from 0 to 1";
	return NULL;
}

/* How much the arrays of lines and methods hold. */
struct room {
	int64_t lines, methods;
};

static int read_table(struct eval_grid *g, struct room *room, const char *path)
{
	char *text;
	int64_t number = 0;
	TRY(text_file_read(&text, path, g->arena));
	for (char *next = NULL, *line = strtok_r(text, "\r\n", &next); line != NULL; line = strtok_r(NULL, "\r\n", &next)) {
		char *column[COLUMNS];
		number++;
		if (number == 1 && strcmp(line, heading) == 0)
			continue;
		if (number == 1)
			return err_set("'%s' does not begin with the line '%s'", path, heading);
		TRY(arena_grow(&g->line, g->n, &room->lines, sizeof *g->line, g->arena));
		struct eval_grid_line *l = &g->line[g->n++];
		if (!split(column, line))
			return err_set("'%s', line %lld: there are six columns: %s", path, (long long)number, heading);
		const char *wrong = fill_line(l, column);
		if (wrong != NULL)
			return err_set("'%s', line %lld: %s", path, (long long)number, wrong);
		l->method = find_method(g, column[0], &room->methods);
		TRY(l->method < 0);
	}
	return number > 0 ? 0 : err_set("'%s' does not begin with the line '%s'", path, heading);
}

/* The order of two lines without their steps: 0 of the same training. */
static int compare_trainings(const struct eval_grid_line *a, const struct eval_grid_line *b)
{
	if (a->method != b->method)
		return a->method < b->method ? -1 : 1;
	if (a->scheme != b->scheme)
		return a->scheme < b->scheme ? -1 : 1;
	if (a->fraction != b->fraction)
		return a->fraction < b->fraction ? -1 : 1;
	return (a->seed > b->seed) - (a->seed < b->seed);
}

static int compare_lines(const void *first, const void *second)
{
	const struct eval_grid_line *a = first, *b = second;
	int order = compare_trainings(a, b);
	return order != 0 ? order : (a->step > b->step) - (a->step < b->step);
}

static int compare_values(const void *first, const void *second)
{
	double a = *(const double *)first, b = *(const double *)second;
	return (a > b) - (a < b);
}

/* Sort n values; the number of different ones, which come first. */
static int sort_unique(double *value, int64_t n)
{
	int different = 0;
	qsort(value, (size_t)n, sizeof *value, compare_values);
	for (int64_t i = 0; i < n; i++)
		if (different == 0 || value[different - 1] != value[i])
			value[different++] = value[i];
	return different;
}

static int arrange(struct eval_grid *g)
{
	qsort(g->line, (size_t)g->n, sizeof *g->line, compare_lines);
	g->schemes = arena_alloc(g->arena, (size_t)g->n * sizeof *g->schemes);
	g->fractions = arena_alloc(g->arena, (size_t)g->n * sizeof *g->fractions);
	if (g->schemes == NULL || g->fractions == NULL)
		return -1;
	for (int64_t i = 0; i < g->n; i++) {
		struct eval_grid_line *l = &g->line[i];
		bool goes_on = i + 1 < g->n && compare_trainings(l, l + 1) == 0;
		if (goes_on && l->step == l[1].step)
			return err_set("step %lld of '%s', scheme %d, fraction %g, seed %lld is there twice", (long long)l->step,
				       g->methods[l->method], l->scheme, l->fraction, (long long)l->seed);
		l->last = !goes_on;
		g->schemes[i] = l->scheme;
		g->fractions[i] = l->fraction;
	}
	g->n_schemes = sort_unique(g->schemes, g->n);
	g->n_fractions = sort_unique(g->fractions, g->n);
	return 0;
}

int eval_grid_read(struct eval_grid *g, char *const *path, int n_paths, double level, struct arena *a)
{
	struct room room = { 0 };
	*g = (struct eval_grid){ .arena = a, .level = level };
	for (int i = 0; i < n_paths; i++)
		TRY(read_table(g, &room, path[i]));
	if (g->n == 0)
		return err_set("'%s' has no evaluation", path[0]);
	return arrange(g);
}

static bool in_cell(const struct eval_grid_line *l, int method, double scheme, double fraction)
{
	return l->last && l->method == method && l->scheme == scheme && l->fraction == fraction;
}

/* The first method's AP at the line's scheme, fraction and seed; NAN: it has none. */
static double reference_ap(const struct eval_grid *g, const struct eval_grid_line *l)
{
	for (int64_t i = 0; i < g->n; i++)
		if (in_cell(&g->line[i], 0, l->scheme, l->fraction) && g->line[i].seed == l->seed)
			return g->line[i].ap;
	return NAN;
}

static int cell_mean(struct eval_grid_mean *mean, const struct eval_grid *g, int method, double scheme, double fraction, bool gain)
{
	double *value = arena_alloc(g->arena, (size_t)g->n * sizeof *value);
	if (value == NULL)
		return -1;
	mean->n = 0;
	for (int64_t i = 0; i < g->n; i++) {
		const struct eval_grid_line *l = &g->line[i];
		if (!in_cell(l, method, scheme, fraction))
			continue;
		double ap = gain ? l->ap - reference_ap(g, l) : l->ap;
		if (!isnan(ap))
			value[mean->n++] = ap;
	}
	mean->value = student_mean(&mean->half, value, mean->n, g->level);
	return 0;
}

int eval_grid_ap(struct eval_grid_mean *mean, const struct eval_grid *g, int method, double scheme, double fraction)
{
	return cell_mean(mean, g, method, scheme, fraction, false);
}

int eval_grid_gain(struct eval_grid_mean *mean, const struct eval_grid *g, int method, double scheme, double fraction)
{
	return cell_mean(mean, g, method, scheme, fraction, true);
}
