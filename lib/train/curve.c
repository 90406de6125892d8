#include "train/curve.h"

#include "base/arena.h"
#include "base/json.h"
#include "image/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6 };

static const char *const column_name[COLUMNS] = { "step", "loss", "loss_cls", "loss_box", "top1", "top5" };

struct curve {
	int n, capacity;
	double *column[COLUMNS];
};

static int grow(struct curve *c)
{
	int capacity = c->capacity == 0 ? 1024 : 2 * c->capacity;
	for (int i = 0; i < COLUMNS; i++) {
		double *larger = realloc(c->column[i], (size_t)capacity * sizeof *larger);
		if (larger == NULL)
			return err_set("out of memory");
		c->column[i] = larger;
	}
	c->capacity = capacity;
	return 0;
}

static int read_line(struct curve *c, struct json_reader *j)
{
	enum json_event e = json_next(j);
	if (e != JSON_OBJECT_BEGIN)
		return json_fail(j, "a line of a training log is an object");
	for (int i = 0; i < COLUMNS; i++)
		c->column[i][c->n] = NAN;
	while ((e = json_next(j)) == JSON_KEY) {
		int i = 0;
		while (i < COLUMNS && !json_is(j, column_name[i]))
			i++;
		if (json_next(j) == JSON_NUMBER && i < COLUMNS)
			c->column[i][c->n] = j->number;
	}
	c->n++;
	return e == JSON_OBJECT_END ? 0 : -1;
}

static int read_log(struct curve *c, const char *path)
{
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return err_errno("cannot open '%s'", path);
	char *line = NULL;
	size_t room = 0;
	ssize_t size;
	int status = 0;
	while (status == 0 && (size = getline(&line, &room, file)) > 0) {
		struct json_reader j;
		if (c->n == c->capacity)
			status = grow(c);
		if (status == 0)
			status = json_open_memory(&j, line, (size_t)size, path);
		if (status == 0) {
			status = read_line(c, &j);
			json_close(&j);
		}
	}
	free(line);
	fclose(file);
	return status;
}

/* smooth[i] = mean of the `window` values up to i. */
static void running_mean(double *smooth, const double *value, int n, int window)
{
	double sum = 0;
	for (int i = 0; i < n; i++) {
		sum += value[i];
		if (i >= window)
			sum -= value[i - window];
		smooth[i] = sum / (i < window ? i + 1 : window);
	}
}

static int draw(const char *svg_path, const struct curve *c)
{
	static const char *const title[COLUMNS] = { NULL, "loss", "classes", "boxes", "top-1", "top-5" };
	struct plot_series series[2 * (COLUMNS - 1)];
	struct arena a;
	int n_series = 0, status = 0;
	arena_init(&a, 1 << 16);
	for (int i = 1; i < COLUMNS && status == 0; i++) {
		if (isnan(c->column[i][0]))
			continue;	/* not of this model */
		double *smooth = arena_alloc(&a, (size_t)c->n * sizeof *smooth);
		if (smooth == NULL) {
			status = -1;
			break;
		}
		running_mean(smooth, c->column[i], c->n, c->n / 50 + 1);
		series[n_series++] = (struct plot_series){ .n = c->n, .x = c->column[0], .y = c->column[i], .faint = true };
		series[n_series++] = (struct plot_series){ .name = title[i], .n = c->n, .x = c->column[0], .y = smooth };
	}
	struct plot p = {
		.title = "training loss", .x_label = "step", .y_label = "loss", .zero_y = true,
		.n_series = n_series, .series = series,
	};
	if (status == 0)
		status = plot_svg_write(svg_path, &p);
	arena_release(&a);
	return status;
}

int curve_write(const char *svg_path, const char *log_path)
{
	struct curve c = { 0 };
	int status = read_log(&c, log_path);
	if (status == 0)
		status = c.n > 0 ? draw(svg_path, &c) : err_set("'%s' has no lines to draw", log_path);
	for (int i = 0; i < COLUMNS; i++)
		free(c.column[i]);
	return status;
}
