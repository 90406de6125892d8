/* What a sample says about its image, drawn into it: label map, masks, boxes, keypoints, labels. */
#include "augment/preview.h"

#include "augment/keypoint_swap.h"
#include "coco/mask_draw.h"

#include <stdio.h>

enum { MASK_ALPHA = 110, LABEL_VOID = 255 };

/* Of a pair of keypoints one has the first colour and one the second, so that an exchange can be seen. */
static const struct color MIDDLE = { 255, 255, 255 }, FIRST = { 64, 255, 96 }, SECOND = { 255, 128, 32 };

static void draw_label_map(struct tensor *image, const struct tensor *map)
{
	for (int64_t y = 0; y < map->dim[0]; y++) {
		const uint8_t *row = (const uint8_t *)map->data + y * map->dim[1];
		for (int64_t x = 0, end; x < map->dim[1]; x = end) {
			for (end = x + 1; end < map->dim[1] && row[end] == row[x]; end++)
				;
			if (row[x] != LABEL_VOID)
				draw_blend(image, (int)x, (int)y, (int)(end - x), 1, draw_color(row[x]), MASK_ALPHA);
		}
	}
}

/* COCO's lines between the keypoints of a person, which its annotations count from 1. */
static const int32_t person_lines[][2] = {
	{ 16, 14 }, { 14, 12 }, { 17, 15 }, { 15, 13 }, { 12, 13 }, { 6, 12 }, { 7, 13 }, { 6, 7 }, { 6, 8 }, { 7, 9 },
	{ 8, 10 }, { 9, 11 }, { 2, 3 }, { 1, 2 }, { 1, 3 }, { 2, 4 }, { 3, 5 }, { 4, 6 }, { 5, 7 },
};

static void draw_lines(struct tensor *image, const float *points, int64_t k, const struct category *c)
{
	bool person = c->n_skeleton == 0 && k == keypoint_person.least;
	int n = person ? (int)(sizeof person_lines / sizeof *person_lines) : c->n_skeleton;
	for (int i = 0; i < n; i++) {
		const int32_t *line = person ? person_lines[i] : c->skeleton[i];
		if (line[0] < 1 || line[1] < 1 || line[0] > k || line[1] > k)
			continue;
		const float *a = points + 3 * (line[0] - 1), *b = points + 3 * (line[1] - 1);
		if (a[2] > 0 && b[2] > 0)
			draw_line(image, (double)a[0] + 0.5, (double)a[1] + 0.5, (double)b[0] + 0.5, (double)b[1] + 0.5, 1, MIDDLE);
	}
}

static void draw_points(struct tensor *image, const float *points, int64_t k, const struct keypoint_twins *twins)
{
	bool known = k >= twins->least && k <= twins->most;
	for (int64_t j = 0; j < k; j++) {
		int64_t twin = known && j < twins->least ? twins->twin[j] : j;
		double x = (double)points[3 * j] + 0.5, y = (double)points[3 * j + 1] + 0.5;
		if (points[3 * j + 2] > 0)
			draw_line(image, x, y, x, y, 4, twin == j ? MIDDLE : twin > j ? FIRST : SECOND);
	}
}

static void draw_tag(struct tensor *image, const struct sample *s, int64_t i, const struct category *c)
{
	char text[100];
	bool crowd = s->iscrowd != NULL && s->iscrowd[i], ignored = s->ignore != NULL && s->ignore[i];
	snprintf(text, sizeof text, "%s%s", c->name, crowd ? " (crowd)" : ignored ? " (ignored)" : "");
	draw_label(image, (int)s->boxes[4 * i], (int)s->boxes[4 * i + 1], text, 1, draw_color(s->labels[i]));
}

int preview_draw_objects(struct tensor *image, const struct sample *s, const struct stream_header *header,
			 const struct keypoint_twins *twins, struct arena *a)
{
	int64_t k = s->keypoints.data != NULL ? s->keypoints.dim[1] : 0;
	if (s->semantic.data != NULL)
		draw_label_map(image, &s->semantic);
	for (int64_t i = 0; i < s->n && s->masks != NULL; i++)
		TRY(mask_draw(image, &s->masks[i], draw_color(s->labels[i]), MASK_ALPHA, a));
	for (int64_t i = 0; i < s->n; i++)
		draw_box(image, s->boxes + 4 * i, s->iscrowd != NULL && s->iscrowd[i] ? 1 : 2, draw_color(s->labels[i]));
	for (int64_t i = 0; i < s->n && k > 0; i++) {
		const float *points = (const float *)s->keypoints.data + i * k * 3;
		draw_lines(image, points, k, &header->categories[s->labels[i]]);
		draw_points(image, points, k, twins != NULL ? &twins[s->labels[i]] : &keypoint_person);
	}
	/* After all boxes, so that none crosses a label. */
	for (int64_t i = 0; i < s->n; i++)
		draw_tag(image, s, i, &header->categories[s->labels[i]]);
	if (s->class_label >= 0)
		draw_label(image, 0, 0, header->categories[s->class_label].name, 1, draw_color(s->class_label));
	return 0;
}
