#include "coco/yolo_labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char space[] = " \t\r\v\f";

/* A line of a label file under way. */
struct line {
	const char *path;
	int number;
	char *text;
};

static int64_t count_words(const char *text)
{
	int64_t n = 0;
	for (text += strspn(text, space); *text != '\0'; text += strspn(text, space)) {
		text += strcspn(text, space);
		n++;
	}
	return n;
}

/* All numbers of the line; *n of them. NULL: error. */
static double *take_numbers(const struct line *line, int64_t *n, struct arena *a)
{
	int64_t words = count_words(line->text);
	double *value = arena_calloc(a, (size_t)words + 1, sizeof *value);
	const char *at = line->text + strspn(line->text, space);
	if (value == NULL)
		return NULL;
	for (*n = 0; *n < words; (*n)++) {
		char *end;
		size_t size = strcspn(at, space);
		value[*n] = strtod(at, &end);
		if (end != at + size || !isfinite(value[*n]))
			return err_null("%s:%d: '%.*s' is no number", line->path, line->number, size < 64 ? (int)size : 64, at);
		at += size + strspn(at + size, space);
	}
	return value;
}

static void take_polygon(struct yolo_label *label, const double *xy, int64_t n)
{
	double *box = label->box;
	label->n_points = (int32_t)(n / 2);
	label->xy = xy;
	box[0] = box[2] = xy[0];
	box[1] = box[3] = xy[1];
	for (int64_t i = 2; i < n; i++) {
		box[i % 2] = fmin(box[i % 2], xy[i]);
		box[2 + i % 2] = fmax(box[2 + i % 2], xy[i]);
	}
}

static int take_label(struct yolo_label *label, const struct line *line, struct arena *a)
{
	int64_t n;
	const double *value = take_numbers(line, &n, a);
	*label = (struct yolo_label){ 0 };
	if (value == NULL)
		return -1;
	if (!(value[0] >= 0 && value[0] <= INT32_MAX && value[0] == floor(value[0])))
		return err_set("%s:%d: a class is a whole number from 0, not %g", line->path, line->number, value[0]);
	label->class_number = (int64_t)value[0];
	if (n >= 7 && n % 2 == 1 && n / 2 <= INT32_MAX) {
		take_polygon(label, value + 1, n - 1);
		return 0;
	}
	if (n != 5 && n != 6)
		return err_set("%s:%d: %lld numbers are neither 'class cx cy w h', with or without a score, nor a polygon",
			       line->path, line->number, (long long)n);
	/* A size that is not positive must not become one by rounding far from the origin. */
	bool has_area = value[3] > 0 && value[4] > 0;
	label->box[0] = value[1] - value[3] / 2;
	label->box[1] = value[2] - value[4] / 2;
	label->box[2] = has_area ? value[1] + value[3] / 2 : label->box[0];
	label->box[3] = value[2] + value[4] / 2;
	label->scored = n == 6;
	label->score = n == 6 ? (float)value[5] : 0;
	return 0;
}

int yolo_labels_parse(struct yolo_labels *out, const char *path, char *text, struct arena *a)
{
	int64_t lines = 1;
	*out = (struct yolo_labels){ 0 };
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	out->label = arena_calloc(a, (size_t)lines, sizeof *out->label);
	if (out->label == NULL)
		return -1;
	struct line line = { .path = path, .number = 1 };
	for (; (line.text = strsep(&text, "\n")) != NULL; line.number++)
		if (line.text[strspn(line.text, space)] != '\0')
			TRY(take_label(&out->label[out->n++], &line, a));
	return 0;
}
