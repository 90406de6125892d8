/*
 * YOLO's labels, and lists of names as text and as YAML: the first byte says which. Anything gives numbers that make
 * sense, or an error.
 */
#include "fuzz.h"

#include "coco/class_names.h"
#include "coco/yolo_labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check_labels(const struct yolo_labels *labels)
{
	for (int64_t i = 0; i < labels->n; i++) {
		const struct yolo_label *l = &labels->label[i];
		if (l->class_number < 0 || (l->n_points != 0 && l->n_points < 3))
			abort();
		for (int k = 0; k < 2; k++)
			if (isnan(l->box[k]) || isnan(l->box[k + 2]) || (l->n_points > 0 && l->box[k] > l->box[k + 2]))
				abort();
		for (int64_t k = 0; k < 2 * l->n_points; k++)
			if (!(l->xy[k] >= l->box[k % 2] && l->xy[k] <= l->box[2 + k % 2]))
				abort();
	}
}

static void check_names(const struct class_names *names)
{
	if (names->n < 1)
		abort();
	for (int i = 0; i < names->n; i++) {
		if (names->name[i][0] == '\0')
			abort();
		for (int k = 0; k < i; k++)
			if (strcmp(names->name[i], names->name[k]) == 0)
				abort();
	}
}

static int parse(char kind, char *text, struct arena *a)
{
	struct yolo_labels labels;
	struct class_names names;
	if (kind == 'l') {
		TRY(yolo_labels_parse(&labels, "fuzz", text, a));
		check_labels(&labels);
		return 0;
	}
	TRY(kind == 'y' ? class_names_parse_yaml(&names, "fuzz", text, a) : class_names_parse(&names, "fuzz", text, a));
	check_names(&names);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	if (size < 1)
		return 0;
	arena_init(&arena, 1 << 12);
	char *text = arena_strndup(&arena, (const char *)data + 1, size - 1);
	if (text == NULL || (parse((char)data[0], text, &arena) != 0 && err_get()[0] == '\0'))
		abort();
	arena_release(&arena);
	return 0;
}
