/*
 * eval_json: what the readers of annotations and of results in JSON share.
 */
#ifndef EVAL_EVAL_JSON_H
#define EVAL_EVAL_JSON_H

#include "base/json.h"
#include "eval/eval_set.h"
#include "eval/eval_shape.h"

/* Which keys an annotation or a result had. */
enum {
	EVAL_HAS_IMAGE = 1,
	EVAL_HAS_CATEGORY = 2,
	EVAL_HAS_BOX = 4,	/* not an empty array */
	EVAL_HAS_SCORE = 8,
	EVAL_HAS_MASK = 16,	/* polygons or runs */
	EVAL_HAS_POSE = 32,
	EVAL_HAS_POSE_COUNT = 64,
	EVAL_HAS_AREA = 128,
};

/* An array of objects under way: what they are called in messages, and the number of the current one. */
struct eval_place {
	struct json_reader *json;
	const char *what;	/* "annotation", "result" */
	int64_t number;
	bool use_ignore;	/* "ignore" and "difficult" have a say */
	enum eval_shape shape;
	bool want_mask;	/* "segmentation" is read */
	bool want_extent;	/* of "keypoints" the box is taken, when there is no "bbox" */
	struct eval_shapes *shapes;
	const struct eval_sigmas *sigmas;
};

/* An error of the current object, and the reader's own complaint with the object it was in. Return -1. */
int eval_place_fail(const struct eval_place *p, const char *message);
int eval_place_broken(const struct eval_place *p);

/* The value of a key. Ids of images are integers or strings. */
int eval_take_integer(const struct eval_place *p, const char *key, int64_t *x) MUST_CHECK;
int eval_take_image_id(const struct eval_place *p, const char *key, struct sample_id *id, struct arena *a) MUST_CHECK;

/* The next object of an array: 1, 0 at the end of the array or of the part of it that is read, -1. */
int eval_next_entry(const struct eval_place *p) MUST_CHECK;

/* The rest of an object whose begin has been read; entry->has says what it had. */
int eval_take_entry(const struct eval_place *p, struct eval_entry *entry, struct arena *a) MUST_CHECK;

/* Error: names the first of the `wanted` keys that is not there. */
int eval_check_keys(const struct eval_place *p, const struct eval_entry *entry, unsigned wanted) MUST_CHECK;

#endif
