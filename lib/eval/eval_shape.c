#include "eval/eval_shape.h"

#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 1 << 14 };	/* masks that become runs at a time: some 10 MB */

void eval_shapes_init(struct eval_shapes *s, struct json_reader *json, const char *what, int threads, struct arena *a)
{
	*s = (struct eval_shapes){ .arena = a, .what = what, .threads = threads < 1 ? 1 : threads };
	arena_init(&s->pending, 1 << 20);
	s->reader = (struct coco_masks){ .json = json, .arena = &s->pending };
}

void eval_shapes_release(struct eval_shapes *s)
{
	coco_masks_release(&s->reader);
	arena_release(&s->pending);
	free(s->mask);
}

bool eval_shapes_full(const struct eval_shapes *s)
{
	return s->n >= ENOUGH;
}

static int add(struct eval_shapes *s, int64_t number, const struct table_mask *written, struct eval_mask **mask)
{
	if (s->n == s->room) {
		int64_t room = s->room == 0 ? 1024 : 2 * s->room;
		struct eval_mask **larger = realloc(s->mask, (size_t)room * sizeof(struct eval_mask *));
		if (larger == NULL)
			return err_set("out of memory for %" PRId64 " masks", room);
		s->mask = larger;
		s->room = room;
	}
	*mask = arena_calloc(&s->pending, 1, sizeof **mask);
	struct rle_edges *edges = arena_calloc(s->arena, 1, sizeof *edges);
	if (*mask == NULL || edges == NULL)
		return -1;
	**mask = (struct eval_mask){ .written = written, .edges = edges, .number = number };
	s->mask[s->n++] = *mask;
	return 0;
}

int eval_read_mask(struct eval_shapes *s, int64_t number, struct eval_mask **mask)
{
	struct table_mask *written;
	*mask = NULL;
	TRY(coco_read_segmentation(&s->reader, &written));
	return written == NULL ? 0 : add(s, number, written, mask);
}

/* Polygons of so many points in all, to be filled in. */
static struct table_mask *new_polygons(struct eval_shapes *s, int n_polygons, int64_t n_points, int32_t **points, double **xy)
{
	struct table_mask *m = arena_calloc(&s->pending, 1, sizeof *m);
	*points = arena_calloc(&s->pending, (size_t)n_polygons, sizeof **points);
	*xy = arena_calloc(&s->pending, 2 * (size_t)n_points, sizeof **xy);
	if (m == NULL || *points == NULL || *xy == NULL)
		return NULL;
	*m = (struct table_mask){ .n_polygons = n_polygons, .n_points = *points, .xy = *xy };
	return m;
}

int eval_mask_from_box(struct eval_shapes *s, int64_t number, const double box[4], struct eval_mask **mask)
{
	double x = box[0], y = box[1], right = box[0] + box[2], bottom = box[1] + box[3], *xy;
	int32_t *points;
	const double corners[8] = { x, y, x, bottom, right, bottom, right, y };
	struct table_mask *m = new_polygons(s, 1, 4, &points, &xy);
	if (m == NULL)
		return -1;
	points[0] = 4;
	memcpy(xy, corners, sizeof corners);
	return add(s, number, m, mask);
}

static bool is_identity(const double m[6])
{
	return m[0] == 1 && m[1] == 0 && m[2] == 0 && m[3] == 0 && m[4] == 1 && m[5] == 0;
}

static void to_original(double xy[2], const double m[6])
{
	double det = m[0] * m[4] - m[1] * m[3], x = xy[0] - m[2], y = xy[1] - m[5];
	xy[0] = (m[4] * x - m[1] * y) / det;
	xy[1] = (m[0] * y - m[3] * x) / det;
}

static int runs_from_record(struct eval_shapes *s, int64_t number, const struct sample_mask *record, struct eval_mask **mask)
{
	struct table_mask *m = arena_calloc(&s->pending, 1, sizeof *m);
	if (m == NULL)
		return -1;
	*m = (struct table_mask){ .rle_h = record->rle_h, .rle_w = record->rle_w, .rle = arena_strdup(&s->pending, record->rle) };
	return m->rle == NULL ? -1 : add(s, number, m, mask);
}

int eval_mask_from_record(struct eval_shapes *s, int64_t number, const struct sample_mask *record, const double transform[6],
			  struct eval_mask **mask)
{
	int64_t n_points = 0;
	double *xy;
	int32_t *points;
	*mask = NULL;
	if (record->n_polygons == 0 && record->rle == NULL)
		return 0;
	if (record->n_polygons == 0 && !is_identity(transform))
		return err_set("object %" PRId64 ": run lengths of a resized or cut image; give the samples before augmentation", number);
	if (record->n_polygons == 0)
		return runs_from_record(s, number, record, mask);
	for (int k = 0; k < record->n_polygons; k++)
		n_points += record->polygons[k].dim[0];
	struct table_mask *m = new_polygons(s, record->n_polygons, n_points, &points, &xy);
	if (m == NULL)
		return -1;
	for (int k = 0; k < record->n_polygons; k++) {
		points[k] = (int32_t)record->polygons[k].dim[0];
		memcpy(xy, record->polygons[k].data, 2 * (size_t)points[k] * sizeof *xy);
		for (int32_t i = 0; i < points[k] && !is_identity(transform); i++)
			to_original(&xy[2 * i], transform);
		xy += 2 * points[k];
	}
	return add(s, number, m, mask);
}

/* Working memory of one thread. */
struct maker {
	struct arena scratch;	/* of one mask */
	struct arena kept;	/* runs until all are counted */
};

static int draw(struct rle *out, const struct table_mask *m, int32_t h, int32_t w, struct arena *scratch)
{
	const double *xy = m->xy;
	struct rle *part = arena_calloc(scratch, (size_t)m->n_polygons, sizeof *part);
	if (part == NULL)
		return -1;
	if (h < 1 || w < 1)
		return err_set("its polygons need the width and height of the image, which are not known");
	for (int k = 0; k < m->n_polygons; k++) {
		TRY(rle_from_polygon(&part[k], xy, m->n_points[k], h, w, scratch));
		xy += 2 * m->n_points[k];
	}
	return rle_union(out, part, m->n_polygons, scratch);
}

static int make(struct eval_mask *mask, struct maker *maker)
{
	const struct table_mask *m = mask->written;
	struct rle runs = { .h = m->rle_h, .w = m->rle_w };
	if (m->n_polygons > 0) {
		struct rle drawn;
		TRY(draw(&drawn, m, mask->h, mask->w, &maker->scratch));
		runs = drawn;
		runs.runs = arena_alloc(&maker->kept, (size_t)drawn.n * sizeof *runs.runs);
		if (runs.runs == NULL)
			return -1;
		memcpy(runs.runs, drawn.runs, (size_t)drawn.n * sizeof *runs.runs);
		arena_reset(&maker->scratch);
	} else {
		runs.runs = arena_alloc(&maker->kept, strlen(m->rle) * sizeof *runs.runs + 1);
		if (runs.runs == NULL)
			return -1;
		TRY(rle_expand(&runs, m->rle));
	}
	rle_edges_make(mask->edges, &runs);
	return 0;
}

/* The first failure by place, whichever thread met it when. */
struct failure {
	int64_t place;
	char message[512];
};

static void note_failure(struct failure *failure, int64_t place)
{
#pragma omp critical(eval_shapes_failure)
	if (failure->place < 0 || place < failure->place) {
		failure->place = place;
		snprintf(failure->message, sizeof failure->message, "%s", err_get());
	}
}

static int make_all(struct eval_shapes *s, int64_t first, int64_t n, struct maker *makers)
{
	struct failure failure = { .place = -1 };
	int64_t *at = arena_calloc(&makers[0].scratch, (size_t)n + 1, sizeof *at);
	if (at == NULL)
		return -1;
	struct eval_mask **mask = s->mask + first;
	/* scratch of the first thread holds `at`: it works in another. */
	struct maker *worker = makers + 1;
#pragma omp parallel for schedule(dynamic, 64) num_threads(s->threads)
	for (int64_t i = 0; i < n; i++)
		if (mask[i]->edges != NULL && make(mask[i], &worker[omp_get_thread_num()]) != 0)
			note_failure(&failure, i);
	if (failure.place >= 0)
		return err_set("%s %" PRId64 ": %s", s->what, mask[failure.place]->number, failure.message);
	for (int64_t i = 0; i < n; i++)
		at[i + 1] = at[i] + (mask[i]->edges != NULL ? mask[i]->edges->n : 0);
	uint32_t *all = arena_alloc(s->arena, (size_t)at[n] * sizeof *all);
	if (all == NULL)
		return -1;
#pragma omp parallel for schedule(static) num_threads(s->threads)
	for (int64_t i = 0; i < n; i++) {
		if (mask[i]->edges == NULL || mask[i]->edges->n == 0)
			continue;
		memcpy(all + at[i], mask[i]->edges->end, (size_t)mask[i]->edges->n * sizeof *all);
		mask[i]->edges->end = all + at[i];
	}
	return 0;
}

int eval_shapes_flush(struct eval_shapes *s)
{
	int status = 0, n_makers = s->threads + 1;
	struct maker *makers = calloc((size_t)n_makers, sizeof *makers);
	if (makers == NULL)
		return err_set("out of memory");
	for (int t = 0; t < n_makers; t++) {
		arena_init(&makers[t].scratch, 1 << 16);
		arena_init(&makers[t].kept, 1 << 20);
	}
	for (int64_t first = 0; first < s->n && status == 0; first += ENOUGH) {
		status = make_all(s, first, s->n - first < ENOUGH ? s->n - first : ENOUGH, makers);
		for (int t = 0; t < n_makers; t++) {
			arena_reset(&makers[t].scratch);
			arena_reset(&makers[t].kept);
		}
	}
	for (int t = 0; t < n_makers; t++) {
		arena_release(&makers[t].scratch);
		arena_release(&makers[t].kept);
	}
	free(makers);
	arena_reset(&s->pending);
	s->n = 0;
	return status;
}
