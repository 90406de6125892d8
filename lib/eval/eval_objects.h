/*
 * eval_objects: a growing array of objects, and copies of what they point to.
 */
#ifndef EVAL_EVAL_OBJECTS_H
#define EVAL_EVAL_OBJECTS_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"

#include <stdbool.h>
#include <stdint.h>

/* Of its own memory; all zeros is empty. */
struct eval_objects {
	struct eval_object *at;
	int64_t n, room;
};

/* Append objects [n]; masks and keypoints stay where they are. Error: memory. */
int eval_objects_add(struct eval_objects *objects, const struct eval_object *x, int64_t n) MUST_CHECK;

void eval_objects_release(struct eval_objects *objects);

/* What the objects of a set have beside a box. */
struct eval_kind {
	enum eval_shape shape;
	bool outlines;	/* masks are the first member of an eval_outline */
};

/* Append copies of objects [n], with their masks or keypoints in the arena. Error: memory. */
int eval_objects_copy(struct eval_objects *objects, const struct eval_object *x, int64_t n, struct eval_kind kind,
		      struct arena *a) MUST_CHECK;

#endif
