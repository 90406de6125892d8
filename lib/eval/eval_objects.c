#include "eval/eval_objects.h"

#include "eval/eval_outline.h"
#include "eval/eval_record.h"
#include "eval/eval_shape.h"

#include <stdlib.h>
#include <string.h>

int eval_objects_add(struct eval_objects *objects, const struct eval_object *x, int64_t n)
{
	if (n == 0)
		return 0;
	struct eval_object *at = eval_reserve(objects->at, &objects->room, objects->n + n, sizeof *at);
	if (at == NULL)
		return -1;
	objects->at = at;
	memcpy(at + objects->n, x, (size_t)n * sizeof *x);
	objects->n += n;
	return 0;
}

void eval_objects_release(struct eval_objects *objects)
{
	free(objects->at);
	*objects = (struct eval_objects){ 0 };
}

static void *copy(const void *x, size_t size, struct arena *a)
{
	void *y = arena_alloc(a, size);
	if (y != NULL && size > 0)
		memcpy(y, x, size);
	return y;
}

static int copy_runs(struct rle_edges *edges, struct arena *a)
{
	edges->end = copy(edges->end, (size_t)edges->n * sizeof *edges->end, a);
	return edges->end != NULL ? 0 : -1;
}

static int copy_mask(struct eval_object *x, bool outline, struct arena *a)
{
	/* A mask with an outline is its first member. */
	struct eval_outline *o = copy(x->mask, outline ? sizeof *o : sizeof o->mask, a);
	if (o == NULL || copy_runs(&o->mask, a) != 0)
		return -1;
	x->mask = &o->mask;
	return outline ? copy_runs(&o->boundary, a) : 0;
}

static int copy_pose(struct eval_object *x, struct arena *a)
{
	x->pose = copy(x->pose, sizeof *x->pose + 3 * (size_t)x->pose->sigmas->n * sizeof x->pose->xyv[0], a);
	return x->pose != NULL ? 0 : -1;
}

int eval_objects_copy(struct eval_objects *objects, const struct eval_object *x, int64_t n, struct eval_kind kind, struct arena *a)
{
	struct eval_object *added;
	TRY(eval_objects_add(objects, x, n));
	added = objects->at + objects->n - n;
	for (int64_t i = 0; i < n; i++) {
		if (kind.shape == EVAL_SHAPE_MASK)
			TRY(copy_mask(&added[i], kind.outlines, a));
		else if (kind.shape == EVAL_SHAPE_POSE)
			TRY(copy_pose(&added[i], a));
		else
			added[i].mask = NULL;
	}
	return 0;
}
