#include "eval/eval_json.h"

#include <inttypes.h>

int eval_place_fail(const struct eval_place *p, const char *message)
{
	return json_fail(p->json, "%s %" PRId64 ": %s", p->what, p->number, message);
}

int eval_place_broken(const struct eval_place *p)
{
	return err_context("in %s %" PRId64, p->what, p->number);
}

static int eval_take_number(const struct eval_place *p, const char *key, double *x)
{
	enum json_event e = json_next(p->json);
	if (e == JSON_ERROR)
		return eval_place_broken(p);
	if (e != JSON_NUMBER)
		return json_fail(p->json, "%s %" PRId64 ": \"%s\" is not a number", p->what, p->number, key);
	*x = p->json->number;
	return 0;
}

int eval_take_integer(const struct eval_place *p, const char *key, int64_t *x)
{
	enum json_event e = json_next(p->json);
	if (e == JSON_ERROR)
		return eval_place_broken(p);
	if (e != JSON_NUMBER || !p->json->is_integer)
		return json_fail(p->json, "%s %" PRId64 ": \"%s\" is not an integer", p->what, p->number, key);
	*x = p->json->integer;
	return 0;
}

int eval_take_image_id(const struct eval_place *p, const char *key, struct sample_id *id, struct arena *a)
{
	enum json_event e = json_next(p->json);
	*id = (struct sample_id){ .number = p->json->integer };
	if (e == JSON_ERROR)
		return eval_place_broken(p);
	if (e == JSON_STRING) {
		id->text = arena_strndup(a, p->json->text, p->json->text_size);
		return id->text == NULL ? -1 : 0;
	}
	if (e != JSON_NUMBER || !p->json->is_integer)
		return json_fail(p->json, "%s %" PRId64 ": \"%s\" is neither an integer nor a string", p->what, p->number, key);
	return 0;
}

static int read_flag(const struct eval_place *p, const char *key, bool *flag)
{
	enum json_event e = json_next(p->json);
	if (e == JSON_ERROR)
		return eval_place_broken(p);
	if (e != JSON_NUMBER && e != JSON_TRUE && e != JSON_FALSE)
		return json_fail(p->json, "%s %" PRId64 ": \"%s\" is neither 0 nor 1", p->what, p->number, key);
	*flag = e == JSON_TRUE || (e == JSON_NUMBER && p->json->number != 0);
	return 0;
}

/* An empty array is no box. */
static int read_box(const struct eval_place *p, double box[4], unsigned *has)
{
	enum json_event e = json_next(p->json);
	if (e == JSON_ERROR)
		return eval_place_broken(p);
	if (e != JSON_ARRAY_BEGIN)
		return eval_place_fail(p, "\"bbox\" is not an array [x, y, width, height]");
	int n = 0;
	for (; (e = json_next(p->json)) == JSON_NUMBER && n < 4; n++)
		box[n] = p->json->number;
	if (e == JSON_ERROR)
		return eval_place_broken(p);
	if (e != JSON_ARRAY_END || (n != 0 && n != 4))
		return eval_place_fail(p, "\"bbox\" does not hold four numbers");
	*has |= n == 4 ? EVAL_HAS_BOX : 0;
	return 0;
}

static int read_mask(const struct eval_place *p, struct eval_entry *e)
{
	if (eval_read_mask(p->shapes, p->number, &e->mask) != 0)
		return eval_place_broken(p);
	e->has |= e->mask != NULL ? EVAL_HAS_MASK : 0;
	return 0;
}

static int read_pose(const struct eval_place *p, struct eval_entry *e)
{
	if (eval_read_pose(p->shapes, p->sigmas, &e->object.pose) != 0)
		return eval_place_broken(p);
	e->has |= EVAL_HAS_POSE;
	return 0;
}

static int read_extent(const struct eval_place *p, struct eval_entry *e)
{
	bool found;
	if (eval_read_extent(p->shapes, e->extent, &found) != 0)
		return eval_place_broken(p);
	e->has |= found ? EVAL_HAS_POSE : 0;
	return 0;
}

/* Keys that only some evaluations look at: 1 when this was one, 0 when not, -1. */
static int read_shape(const struct eval_place *p, struct eval_entry *e)
{
	struct json_reader *j = p->json;
	if (p->want_mask && json_is(j, "segmentation"))
		return read_mask(p, e) == 0 ? 1 : -1;
	if (p->shape == EVAL_SHAPE_POSE && json_is(j, "keypoints"))
		return read_pose(p, e) == 0 ? 1 : -1;
	if (p->want_extent && json_is(j, "keypoints"))
		return read_extent(p, e) == 0 ? 1 : -1;
	if (p->shape == EVAL_SHAPE_POSE && json_is(j, "num_keypoints")) {
		e->has |= EVAL_HAS_POSE_COUNT;
		return eval_take_integer(p, "num_keypoints", &e->n_keypoints) == 0 ? 1 : -1;
	}
	return 0;
}

/* The value after a key of an annotation or a result. */
static int read_value(const struct eval_place *p, struct eval_entry *e, struct arena *a)
{
	struct json_reader *j = p->json;
	if (json_is(j, "image_id")) {
		e->has |= EVAL_HAS_IMAGE;
		return eval_take_image_id(p, "image_id", &e->image, a);
	}
	if (json_is(j, "category_id")) {
		e->has |= EVAL_HAS_CATEGORY;
		return eval_take_integer(p, "category_id", &e->category);
	}
	if (json_is(j, "bbox"))
		return read_box(p, e->object.box, &e->has);
	if (json_is(j, "score")) {
		e->has |= EVAL_HAS_SCORE;
		return eval_take_number(p, "score", &e->object.score);
	}
	if (json_is(j, "area")) {
		e->has |= EVAL_HAS_AREA;
		return eval_take_number(p, "area", &e->object.area);
	}
	if (json_is(j, "iscrowd"))
		return read_flag(p, "iscrowd", &e->object.crowd);
	if (p->use_ignore && (json_is(j, "ignore") || json_is(j, "difficult"))) {
		bool ignore = false;
		TRY(read_flag(p, "ignore", &ignore));
		e->object.ignore |= ignore;
		return 0;
	}
	if (json_is(j, "id")) {
		e->has_id = true;
		return eval_take_integer(p, "id", &e->id);
	}
	int taken = read_shape(p, e);
	if (taken != 0)
		return taken < 0 ? -1 : 0;
	return json_skip(j) == 0 ? 0 : eval_place_broken(p);
}

int eval_take_entry(const struct eval_place *p, struct eval_entry *e, struct arena *a)
{
	enum json_event event;
	*e = (struct eval_entry){ 0 };
	while ((event = json_next(p->json)) == JSON_KEY)
		TRY(read_value(p, e, a));
	return event == JSON_ERROR ? eval_place_broken(p) : 0;
}

int eval_check_keys(const struct eval_place *p, const struct eval_entry *e, unsigned wanted)
{
	static const char *const names[] = { "image_id", "category_id", "bbox", "score", "segmentation", "keypoints", "num_keypoints" };
	unsigned missing = wanted & ~e->has;
	if (missing == 0)
		return 0;
	int first = __builtin_ctz(missing);
	return json_fail(p->json, "%s %" PRId64 " has no \"%s\"%s", p->what, p->number, names[first],
			 1u << first == EVAL_HAS_MASK ? ", or an empty one" : "");
}

int eval_next_entry(const struct eval_place *p)
{
	enum json_event e = json_next(p->json);
	if (e == JSON_OBJECT_BEGIN)
		return 1;
	if (e == JSON_ARRAY_END || e == JSON_END)
		return 0;
	if (e == JSON_ERROR)
		return eval_place_broken(p);
	return eval_place_fail(p, "it is not an object");
}
