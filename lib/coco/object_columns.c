#include "coco/object_columns.h"

#include <math.h>
#include <string.h>

int object_columns_make(struct object_columns *c, size_t n, int n_keypoints, struct arena *a)
{
	c->n_keypoints = n_keypoints;
	c->boxes = arena_calloc(a, n, 4 * sizeof *c->boxes);
	c->labels = arena_calloc(a, n, sizeof *c->labels);
	c->area = arena_calloc(a, n, sizeof *c->area);
	c->iscrowd = arena_calloc(a, n, sizeof *c->iscrowd);
	c->ignore = arena_calloc(a, n, sizeof *c->ignore);
	c->truncated = arena_calloc(a, n, sizeof *c->truncated);
	c->score = arena_calloc(a, n, sizeof *c->score);
	c->weight = arena_calloc(a, n, sizeof *c->weight);
	c->object_id = arena_calloc(a, n, sizeof *c->object_id);
	c->original_labels = arena_calloc(a, n, sizeof *c->original_labels);
	c->form = arena_calloc(a, n, sizeof *c->form);
	c->members = arena_calloc(a, n, sizeof *c->members);
	c->bbox = arena_calloc(a, n, 4 * sizeof *c->bbox);
	c->bbox_told = true;
	memset(&c->used, 0, sizeof c->used);
	c->masks = arena_calloc(a, n, sizeof *c->masks);
	c->keypoints = arena_calloc(a, n, (size_t)n_keypoints * 3 * sizeof *c->keypoints);
	c->points = arena_calloc(a, n, (size_t)n_keypoints * 3 * sizeof *c->points);
	return c->boxes != NULL && c->labels != NULL && c->area != NULL && c->iscrowd != NULL && c->ignore != NULL &&
		c->truncated != NULL && c->score != NULL && c->object_id != NULL && c->bbox != NULL &&
		c->masks != NULL && c->keypoints != NULL && c->points != NULL && c->weight != NULL &&
		c->original_labels != NULL && c->form != NULL && c->members != NULL ? 0 : -1;
}

static int put_mask(struct sample_mask *out, const struct table_mask *m, struct arena *a)
{
	*out = (struct sample_mask){ .n_polygons = m->n_polygons, .rle_h = m->rle_h, .rle_w = m->rle_w, .rle = m->rle };
	if (m->n_polygons == 0)
		return 0;
	out->polygons = arena_calloc(a, (size_t)m->n_polygons, sizeof *out->polygons);
	if (out->polygons == NULL)
		return -1;
	const double *xy = m->xy;
	for (int i = 0; i < m->n_polygons; i++) {
		/* Read only from here on; tensors have no const data. */
		out->polygons[i] = tensor_view(DTYPE_F64, 2, (int64_t[]){ m->n_points[i], 2 }, (void *)(uintptr_t)xy);
		xy += 2 * m->n_points[i];
	}
	return 0;
}

static void put_bbox(struct object_columns *c, int64_t i, const struct table_object *o)
{
	double told[4];
	const double bbox[4] = { o->box[0], o->box[1], o->side[0], o->side[1] };
	if (!(o->side[0] > 0))
		return;
	sample_bbox(told, c->boxes + 4 * i);
	c->bbox_told &= memcmp(told, bbox, sizeof bbox) == 0;
	memcpy(c->bbox + 4 * i, bbox, sizeof bbox);
}

static void put_keypoints(struct object_columns *c, int64_t i, const struct table_object *o)
{
	int n = 3 * c->n_keypoints;
	memcpy(c->keypoints + i * n, o->keypoints, (size_t)n * sizeof *o->keypoints);
	for (int k = 0; k < n; k++)
		c->points[i * n + k] = o->points != NULL ? o->points[k] : sample_decimal(o->keypoints[k]);
}

static void note_use(struct object_columns *c, const struct table_object *o)
{
	c->used.area |= !isnan(o->area);
	c->used.iscrowd |= o->iscrowd;
	c->used.ignore |= o->ignore;
	c->used.truncated |= o->truncated;
	c->used.score |= o->scored;
	c->used.weight |= o->weighted;
	c->used.original_labels |= o->relabelled;
	c->used.members |= o->members != NULL;
	c->used.points |= o->points != NULL;
	c->used.masks |= o->mask != NULL;
	c->used.keypoints |= o->keypoints != NULL;
}

int object_columns_put(struct object_columns *c, int64_t i, const struct table_object *o, const double box[4], struct arena *a)
{
	note_use(c, o);
	for (int k = 0; k < 4; k++)
		c->boxes[4 * i + k] = (float)box[k];
	put_bbox(c, i, o);
	c->labels[i] = o->label;
	c->area[i] = isnan(o->area) ? (o->box[2] - o->box[0]) * (o->box[3] - o->box[1]) : o->area;
	c->iscrowd[i] = o->iscrowd;
	c->ignore[i] = o->ignore;
	c->truncated[i] = o->truncated;
	c->score[i] = o->score;
	c->weight[i] = o->weighted ? o->weight : 1;
	c->object_id[i] = o->id;
	c->original_labels[i] = o->relabelled ? o->original_label : -1;
	c->form[i] = o->form;
	c->members[i] = o->members;
	if (o->keypoints != NULL)
		put_keypoints(c, i, o);
	return o->mask != NULL ? put_mask(&c->masks[i], o->mask, a) : 0;
}

/* That one object lacks what no object has goes without saying. */
static void use_form(struct sample *s, const struct object_columns *c)
{
	const bool *used[] = { &c->used.area, NULL, &c->used.keypoints, &c->used.keypoints, &c->used.score, &c->used.weight };
	uint8_t said = SAMPLE_NO_ISCROWD | SAMPLE_OTHER_COUNTS, any = 0;
	for (size_t bit = 0; bit < sizeof used / sizeof *used; bit++)
		said |= (uint8_t)(used[bit] != NULL && *used[bit] ? 1u << bit : 0);
	for (int64_t i = 0; i < s->n; i++)
		any |= c->form[i] &= said;
	s->form = any != 0 ? c->form : NULL;
}

void object_columns_use(struct sample *s, const struct object_columns *c)
{
	s->boxes = c->boxes;
	s->labels = c->labels;
	s->area = c->used.area ? c->area : NULL;
	s->iscrowd = c->used.iscrowd ? c->iscrowd : NULL;
	s->ignore = c->used.ignore ? c->ignore : NULL;
	s->truncated = c->used.truncated ? c->truncated : NULL;
	s->score = c->used.score ? c->score : NULL;
	s->weight = c->used.weight ? c->weight : NULL;
	s->original_labels = c->used.original_labels ? c->original_labels : NULL;
	s->object_members = c->used.members ? c->members : NULL;
	use_form(s, c);
	s->object_id = c->object_id;
	s->bbox = c->bbox_told ? NULL : c->bbox;
	s->masks = c->used.masks ? c->masks : NULL;
	if (c->used.keypoints)
		s->keypoints = tensor_view(DTYPE_F32, 3, (int64_t[]){ s->n, c->n_keypoints, 3 }, c->keypoints);
	if (c->used.points)
		s->points = tensor_view(DTYPE_F64, 3, (int64_t[]){ s->n, c->n_keypoints, 3 }, c->points);
}
