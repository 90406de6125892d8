#include "coco/coco_points.h"

#include <string.h>

/* Room for one more element in an array of the arena, which keeps the smaller ones: these lists are short. */
static void *grow(void *array, int n, size_t size, struct arena *a)
{
	if ((n & (n - 1)) != 0)
		return array;
	void *larger = arena_calloc(a, n > 0 ? 2 * (size_t)n : 1, size);
	if (larger != NULL && n > 0)
		memcpy(larger, array, (size_t)n * size);
	return larger;
}

int coco_take_keypoint_names(struct json_reader *j, struct category *k, struct arena *a)
{
	enum json_event e;
	TRY(json_enter_array(j, "a category's 'keypoints'"));
	k->n_keypoints = 0;
	while ((e = json_next_element(j)) == JSON_STRING) {
		k->keypoints = grow(k->keypoints, k->n_keypoints, sizeof *k->keypoints, a);
		if (memchr(j->text, 0, j->text_size) != NULL)
			return json_fail(j, "the name of a keypoint must not have a NUL in it");
		const char *name = k->keypoints != NULL ? arena_strndup(a, j->text, j->text_size) : NULL;
		if (name == NULL)
			return -1;
		k->keypoints[k->n_keypoints++] = name;
	}
	if (e == JSON_ERROR)
		return -1;
	return e == JSON_ARRAY_END ? 0 : json_fail(j, "a category's 'keypoints' must hold nothing but names");
}

static int take_point(struct json_reader *j, int32_t *point)
{
	int64_t value;
	TRY(json_take_integer(j, "a keypoint of 'skeleton'", &value));
	if (value < 1 || value > INT32_MAX)
		return json_fail(j, "the keypoints of 'skeleton' count from 1, so %lld is none", (long long)value);
	*point = (int32_t)value;
	return 0;
}

int coco_take_skeleton(struct json_reader *j, struct category *k, struct arena *a)
{
	enum json_event e;
	TRY(json_enter_array(j, "a category's 'skeleton'"));
	k->n_skeleton = 0;
	while ((e = json_next_element(j)) == JSON_ARRAY_BEGIN) {
		k->skeleton = grow(k->skeleton, k->n_skeleton, sizeof *k->skeleton, a);
		if (k->skeleton == NULL)
			return -1;
		int32_t *pair = k->skeleton[k->n_skeleton++];
		TRY(take_point(j, &pair[0]));
		TRY(take_point(j, &pair[1]));
		if (json_next(j) != JSON_ARRAY_END)
			return json_fail(j, "'skeleton' must hold nothing but pairs of keypoints");
	}
	if (e == JSON_ERROR)
		return -1;
	return e == JSON_ARRAY_END ? 0 : json_fail(j, "'skeleton' must hold nothing but pairs of keypoints");
}
