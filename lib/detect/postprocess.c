#include "detect/postprocess.h"

#include "detect/box_code.h"
#include "detect/nms.h"
#include "detect/scan_kernel.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One (anchor, class) pair. */
struct candidate {
	float score;
	int32_t level;
	int64_t index;	/* anchor * K + class within the level */
};

/* The best candidates of a level or of a class so far: a heap with the worst in front. */
struct best_list {
	struct candidate *heap;
	int64_t n, room;
};

/* Room for one image: the best candidates so far, and what nms() needs. */
struct image_scratch {
	struct best_list *lists;	/* one after the other in candidates */
	struct candidate *candidates;
	float *boxes;
	int32_t *labels;
	int64_t *keep;
};

struct work {
	const struct tensor *cls, *box;
	const struct anchors *anchors;
	const struct postprocess_param *p;
	int n_classes;
	int n_lists;	/* levels or classes */
	int64_t room;	/* candidates of an image */
};

struct postprocess_param postprocess_default(void)
{
	return (struct postprocess_param){ .score_threshold = 0.05f, .nms_iou = 0.5f, .topk = 1000, .max_detections = 100 };
}

static float map_at(const struct tensor *t, int64_t i)
{
	return t->dtype == DTYPE_BF16 ? bf16_to_f32(((const uint16_t *)t->data)[i]) : ((const float *)t->data)[i];
}

static bool better(const struct candidate *a, const struct candidate *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	return a->level != b->level ? a->level < b->level : a->index < b->index;
}

static int compare(const void *a, const void *b)
{
	return better(a, b) ? -1 : better(b, a) ? 1 : 0;
}

/* heap[0] is the worst of n; put c in its place. */
static void heap_replace(struct candidate *heap, int64_t n, struct candidate c)
{
	int64_t i = 0;
	for (;;) {
		int64_t child = 2 * i + 1;
		if (child >= n)
			break;
		if (child + 1 < n && better(&heap[child], &heap[child + 1]))
			child++;
		if (!better(&c, &heap[child]))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = c;
}

static void heap_insert(struct candidate *heap, int64_t n, struct candidate c)
{
	int64_t i = n;
	while (i > 0 && better(&heap[(i - 1) / 2], &c)) {
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = c;
}

/* Of the n numbers of t that begin at first, the next one from i on that is at least `least`; n: none. */
static int64_t next_above(const struct tensor *t, int64_t first, int64_t i, int64_t n, float least)
{
	if (t->dtype == DTYPE_BF16)
		return ISA_PICK(scan_above_bf16)((const uint16_t *)t->data + first, i, n, least);
	return ISA_PICK(scan_above_f32)((const float *)t->data + first, i, n, least);
}

static void offer(struct best_list *best, struct candidate c)
{
	if (best->n < best->room)
		heap_insert(best->heap, best->n++, c);
	else if (better(&c, &best->heap[0]))
		heap_replace(best->heap, best->n, c);
}

/* Offer what a level has to its list, or to those of the classes. */
static void scan_level(struct best_list *lists, const struct work *w, int level, int64_t image)
{
	const struct tensor *t = &w->cls[level];
	double threshold = w->p->score_threshold;
	/* Most logits are far below: compare them first, a little generously, and the exact score only then. */
	float least = threshold > 0.0 ? (float)(log(threshold / (1.0 - threshold)) - 1e-3) : -INFINITY;
	int64_t n = (w->anchors->first[level + 1] - w->anchors->first[level]) * w->n_classes;
	for (int64_t i = next_above(t, image * n, 0, n, least); i < n; i = next_above(t, image * n, i + 1, n, least)) {
		float x = map_at(t, image * n + i);
		struct candidate c = { .score = 1.0f / (1.0f + expf(-x)), .level = level, .index = i };
		if (c.score > w->p->score_threshold)
			offer(&lists[w->p->topk_of == TOPK_OF_CLASS ? i % w->n_classes : level], c);
	}
}

/* All lists of an image, moved together and sorted; returns how many there are. */
static int64_t find_candidates(const struct image_scratch *s, const struct work *w, int64_t image)
{
	int64_t n = 0;
	for (int l = 0; l < w->anchors->n_levels; l++)
		scan_level(s->lists, w, l, image);
	for (int i = 0; i < w->n_lists; n += s->lists[i++].n)
		memmove(s->candidates + n, s->lists[i].heap, (size_t)s->lists[i].n * sizeof *s->candidates);
	qsort(s->candidates, (size_t)n, sizeof *s->candidates, compare);
	return n;
}

static float clip(float x, float most)
{
	return x < 0.0f ? 0.0f : x > most ? most : x;
}

static void decode(float box[4], const struct candidate *c, const struct work *w, int64_t image, struct detect_size valid)
{
	int64_t in_level = w->anchors->first[c->level + 1] - w->anchors->first[c->level];
	int64_t anchor = c->index / w->n_classes;
	float code[4], reference[4];
	anchors_get(reference, w->anchors, w->anchors->first[c->level] + anchor);
	for (int i = 0; i < 4; i++)
		code[i] = map_at(&w->box[c->level], (image * in_level + anchor) * 4 + i);
	box_decode(box, code, reference);
	for (int i = 0; i < 4; i++)
		box[i] = clip(box[i], (float)(i % 2 == 0 ? valid.w : valid.h) - w->p->clip_margin);
}

static void run_image(struct detect_result *r, const struct work *w, int64_t image, struct detect_size valid,
		      const struct image_scratch *s)
{
	int64_t n = find_candidates(s, w, image);
	for (int64_t i = 0; i < n; i++) {
		decode(s->boxes + 4 * i, &s->candidates[i], w, image, valid);
		s->labels[i] = (int32_t)(s->candidates[i].index % w->n_classes);
	}
	r->n = nms(s->keep, s->boxes, s->labels, n, w->p->nms_iou, w->p->max_detections);
	for (int64_t i = 0; i < r->n; i++) {
		int64_t k = s->keep[i];
		for (int c = 0; c < 4; c++)
			r->boxes[4 * i + c] = s->boxes[4 * k + c];
		r->labels[i] = s->labels[k];
		r->scores[i] = s->candidates[k].score;
	}
}

static int check(const struct work *w, int64_t n_images)
{
	const struct postprocess_param *p = w->p;
	char text[96];
	if (!(p->score_threshold >= 0.0f && p->score_threshold < 1.0f) || p->topk < 1 || p->max_detections < 1)
		return err_set("postprocess: score threshold %g, topk %lld or max detections %lld out of range",
			       (double)p->score_threshold, (long long)p->topk, (long long)p->max_detections);
	for (int l = 0; l < w->anchors->n_levels; l++) {
		int64_t h = w->anchors->grid[l].h, width = w->anchors->grid[l].w;
		enum dtype dtype = w->cls[l].dtype;
		struct tensor cls = tensor_shape(dtype, 4, (int64_t[]){ n_images, h, width,
			(int64_t)ANCHORS_PER_CELL * w->n_classes });
		struct tensor box = tensor_shape(dtype, 4, (int64_t[]){ n_images, h, width, ANCHORS_PER_CELL * 4 });
		if (dtype != DTYPE_F32 && dtype != DTYPE_BF16)
			return err_set("postprocess: maps must be f32 or bf16, not %s", dtype_name(dtype));
		if (!tensor_same_shape(&w->cls[l], &cls))
			return err_set("postprocess: cls of level %d does not fit: %s", l, tensor_shape_text(&w->cls[l], text));
		if (!tensor_same_shape(&w->box[l], &box))
			return err_set("postprocess: box of level %d does not fit: %s", l, tensor_shape_text(&w->box[l], text));
	}
	return 0;
}

/* Most candidates of list i. */
static int64_t list_room(const struct work *w, int i)
{
	const struct anchors *a = w->anchors;
	int64_t most = w->p->topk_of == TOPK_OF_CLASS ? a->n : (a->first[i + 1] - a->first[i]) * w->n_classes;
	return most < w->p->topk ? most : w->p->topk;
}

static int image_new(struct detect_result *r, struct image_scratch *s, const struct work *w, struct arena *arena)
{
	int64_t most = w->p->max_detections < w->room ? w->p->max_detections : w->room;
	s->lists = arena_calloc(arena, (size_t)w->n_lists, sizeof *s->lists);
	s->candidates = arena_alloc(arena, (size_t)w->room * sizeof *s->candidates);
	s->boxes = arena_alloc(arena, (size_t)w->room * 4 * sizeof *s->boxes);
	s->labels = arena_alloc(arena, (size_t)w->room * sizeof *s->labels);
	s->keep = arena_alloc(arena, (size_t)most * sizeof *s->keep);
	r->boxes = arena_alloc(arena, (size_t)most * 4 * sizeof *r->boxes);
	r->labels = arena_alloc(arena, (size_t)most * sizeof *r->labels);
	r->scores = arena_alloc(arena, (size_t)most * sizeof *r->scores);
	if (s->lists == NULL || s->candidates == NULL || s->boxes == NULL || s->labels == NULL || s->keep == NULL ||
	    r->boxes == NULL || r->labels == NULL || r->scores == NULL)
		return -1;
	struct candidate *at = s->candidates;
	for (int i = 0; i < w->n_lists; at += s->lists[i++].room)
		s->lists[i] = (struct best_list){ .heap = at, .room = list_room(w, i) };
	return 0;
}

int retinanet_postprocess(struct detect_result *result, const struct tensor *cls, const struct tensor *box,
			  const struct anchors *anchors, int n_classes, const struct detect_size *valid,
			  const struct postprocess_param *p, struct arena *arena)
{
	struct work w = { .cls = cls, .box = box, .anchors = anchors, .p = p, .n_classes = n_classes };
	int64_t n_images = cls[0].rank > 0 ? cls[0].dim[0] : 0;
	TRY(check(&w, n_images));
	w.n_lists = p->topk_of == TOPK_OF_CLASS ? n_classes : anchors->n_levels;
	for (int i = 0; i < w.n_lists; i++)
		w.room += list_room(&w, i);
	struct image_scratch *scratch = arena_calloc(arena, (size_t)n_images, sizeof *scratch);
	if (scratch == NULL)
		return -1;
	for (int64_t i = 0; i < n_images; i++)
		TRY(image_new(&result[i], &scratch[i], &w, arena));
#pragma omp parallel for schedule(dynamic)
	for (int64_t i = 0; i < n_images; i++)
		run_image(&result[i], &w, i, valid[i], &scratch[i]);
	return 0;
}
