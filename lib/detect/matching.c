#include "detect/matching.h"
#include "detect/matching_kernel.h"

#include <string.h>

#define COVERED_SHARE 0.5f

/* Room for one image; images run at the same time, each with its own. */
struct match_scratch {
	float *best;	/* [anchors] highest IoU with any object */
	int32_t *which;	/* [anchors] the object that has it */
	int32_t *flag;	/* [anchors] */
	float *highest;	/* [objects] highest IoU with any anchor */
};

static bool is_target(const struct detect_objects *o, int64_t i)
{
	return (o->iscrowd == NULL || o->iscrowd[i] == 0) && (o->ignore == NULL || o->ignore[i] == 0);
}

static void rescue_best(int32_t *match, const struct anchors *a, const struct detect_objects *o,
			const struct match_scratch *s)
{
	memset(s->flag, 0, (size_t)a->n * sizeof *s->flag);
	for (int64_t k = 0; k < o->n; k++)
		if (s->highest[k] > 0.0f)
			ISA_PICK(match_claim)(s->flag, a, o->boxes + 4 * k, s->highest[k]);
	for (int64_t i = 0; i < a->n; i++)
		if (s->flag[i])
			match[i] = s->which[i];
}

static void rescue_force(int32_t *match, const struct anchors *a, const struct detect_objects *o,
			 const struct match_scratch *s)
{
	/* From the last to the first, so that the first of several claims stays. */
	for (int64_t k = o->n - 1; k >= 0; k--)
		if (s->highest[k] > 0.0f)
			match[ISA_PICK(match_claim)(s->flag, a, o->boxes + 4 * k, s->highest[k])] = (int32_t)k;
}

static void skip_covered(int32_t *match, const struct anchors *a, const struct detect_objects *o,
			 const struct match_scratch *s)
{
	bool any = false;
	for (int64_t k = 0; k < o->n; k++) {
		if (is_target(o, k))
			continue;
		if (!any)
			memset(s->flag, 0, (size_t)a->n * sizeof *s->flag);
		any = true;
		ISA_PICK(match_cover)(s->flag, a, o->boxes + 4 * k, COVERED_SHARE);
	}
	for (int64_t i = 0; any && i < a->n; i++)
		if (match[i] == MATCH_BACKGROUND && s->flag[i])
			match[i] = MATCH_IGNORED;
}

/* Returns the number of matched anchors. */
static int64_t match_image(int32_t *match, const struct anchors *a, const struct detect_objects *o,
			   const struct match_param *p, const struct match_scratch *s)
{
	int64_t n_foreground = 0;
	memset(s->best, 0, (size_t)a->n * sizeof *s->best);
	memset(s->which, 0, (size_t)a->n * sizeof *s->which);
	for (int64_t k = 0; k < o->n; k++)
		s->highest[k] = is_target(o, k) ?
			ISA_PICK(match_best)(s->best, s->which, a, o->boxes + 4 * k, (int32_t)k) : 0.0f;
	for (int64_t i = 0; i < a->n; i++)
		match[i] = s->best[i] < p->background ? MATCH_BACKGROUND :
			s->best[i] < p->foreground ? MATCH_IGNORED : s->which[i];
	if (p->rescue == MATCH_BEST)
		rescue_best(match, a, o, s);
	else
		rescue_force(match, a, o, s);
	if (p->skip_covered)
		skip_covered(match, a, o, s);
	for (int64_t i = 0; i < a->n; i++)
		n_foreground += match[i] >= 0;
	return n_foreground;
}

static int scratch_new(struct match_scratch *s, int64_t n_anchors, int64_t n_objects, struct arena *arena)
{
	s->best = arena_alloc(arena, (size_t)n_anchors * sizeof *s->best);
	s->which = arena_alloc(arena, (size_t)n_anchors * sizeof *s->which);
	s->flag = arena_alloc(arena, (size_t)n_anchors * sizeof *s->flag);
	s->highest = arena_alloc(arena, (size_t)(n_objects + 1) * sizeof *s->highest);
	return s->best == NULL || s->which == NULL || s->flag == NULL || s->highest == NULL ? -1 : 0;
}

int detect_targets_match(struct detect_targets *t, const struct anchors *anchors, const struct detect_objects *objects,
			 int n_images, const struct match_param *p, struct arena *arena)
{
	if (anchors->n > INT32_MAX)
		return err_set("matching: %lld anchors are too many", (long long)anchors->n);
	*t = (struct detect_targets){ .n_images = n_images, .n_anchors = anchors->n, .objects = objects };
	t->match = arena_alloc(arena, (size_t)n_images * (size_t)anchors->n * sizeof *t->match);
	t->n_foreground = arena_calloc(arena, (size_t)n_images, sizeof *t->n_foreground);
	struct match_scratch *scratch = arena_calloc(arena, (size_t)n_images, sizeof *scratch);
	if (t->match == NULL || t->n_foreground == NULL || scratch == NULL)
		return -1;
	for (int i = 0; i < n_images; i++) {
		if (objects[i].n > INT32_MAX)
			return err_set("matching: %lld objects in an image are too many", (long long)objects[i].n);
		TRY(scratch_new(&scratch[i], anchors->n, objects[i].n, arena));
	}
#pragma omp parallel for schedule(dynamic)
	for (int i = 0; i < n_images; i++)
		t->n_foreground[i] = match_image(t->match + i * anchors->n, anchors, &objects[i], p, &scratch[i]);
	return 0;
}
