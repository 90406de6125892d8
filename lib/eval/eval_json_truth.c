#include "eval/eval_json.h"

#include <inttypes.h>

static int array_begin(struct json_reader *j, const char *key)
{
	enum json_event e = json_next(j);
	if (e == JSON_ERROR)
		return -1;
	return e == JSON_ARRAY_BEGIN ? 0 : json_fail(j, "\"%s\" is not an array", key);
}

static int read_side(const struct eval_place *p, const char *key, int32_t *side)
{
	int64_t value;
	TRY(eval_take_integer(p, key, &value));
	if (value < 1 || value > INT32_MAX)
		return json_fail(p->json, "%s %" PRId64 ": \"%s\" is %" PRId64, p->what, p->number, key, value);
	*side = (int32_t)value;
	return 0;
}

static int read_image(const struct eval_place *p, struct eval_truth *truth, struct arena *a)
{
	bool has_id = false, with_size = p->shape == EVAL_SHAPE_MASK;
	int taken = 0;
	enum json_event e;
	struct eval_size size = { 0 };
	TRY(arena_grow(&truth->images, truth->n_images, &truth->room_images, sizeof *truth->images, a));
	while ((e = json_next(p->json)) == JSON_KEY) {
		if (json_is(p->json, "id")) {
			TRY(eval_take_image_id(p, "id", &truth->images[truth->n_images], a));
			has_id = true;
		} else if (with_size && json_is(p->json, "width")) {
			TRY(read_side(p, "width", &size.w));
		} else if (with_size && json_is(p->json, "height")) {
			TRY(read_side(p, "height", &size.h));
		} else if (truth->federated != NULL && (taken = eval_federated_image_key(truth->federated, p->json)) != 0) {
			TRY(taken < 0);
		} else if (json_skip(p->json) != 0) {
			return eval_place_broken(p);
		}
	}
	if (e == JSON_ERROR)
		return eval_place_broken(p);
	if (!has_id)
		return eval_place_fail(p, "it has no \"id\"");
	if (with_size)
		TRY(eval_add_size(truth, size, a));
	if (truth->federated != NULL)
		TRY(eval_federated_image_end(truth->federated, p->json, &truth->images[truth->n_images]));
	truth->n_images++;
	return 0;
}

static int read_category(const struct eval_place *p, struct eval_truth *truth, struct arena *a)
{
	bool has_id = false;
	int taken = 0;
	enum json_event e;
	TRY(arena_grow(&truth->categories, truth->n_categories, &truth->room_categories, sizeof *truth->categories, a));
	struct category *c = &truth->categories[truth->n_categories++];
	*c = (struct category){ .name = "" };
	while ((e = json_next(p->json)) == JSON_KEY) {
		if (json_is(p->json, "id")) {
			TRY(eval_take_integer(p, "id", &c->id));
			has_id = true;
		} else if (json_is(p->json, "name")) {
			if (json_next(p->json) != JSON_STRING)
				return eval_place_fail(p, "\"name\" is not a string");
			c->name = arena_strndup(a, p->json->text, p->json->text_size);
			if (c->name == NULL)
				return -1;
		} else if (truth->federated != NULL && (taken = eval_federated_category_key(truth->federated, p->json)) != 0) {
			TRY(taken < 0);
		} else if (json_skip(p->json) != 0) {
			return eval_place_broken(p);
		}
	}
	if (e == JSON_ERROR)
		return eval_place_broken(p);
	if (!has_id)
		return eval_place_fail(p, "it has no \"id\"");
	return truth->federated == NULL ? 0 : eval_federated_category_end(truth->federated, p->json, c->id);
}

static int read_annotation(const struct eval_place *p, struct eval_truth *truth, struct arena *a)
{
	static const unsigned wanted[] = {
		[EVAL_SHAPE_BOX] = EVAL_HAS_BOX,
		[EVAL_SHAPE_MASK] = EVAL_HAS_MASK,
		[EVAL_SHAPE_POSE] = EVAL_HAS_BOX | EVAL_HAS_POSE | EVAL_HAS_POSE_COUNT,
	};
	TRY(arena_grow(&truth->entries, truth->n_entries, &truth->room_entries, sizeof *truth->entries, &truth->scratch));
	struct eval_entry *e = &truth->entries[truth->n_entries++];
	TRY(eval_take_entry(p, e, a));
	TRY(eval_check_keys(p, e, EVAL_HAS_IMAGE | EVAL_HAS_CATEGORY | wanted[p->shape]));
	e->box_from_mask = (e->has & EVAL_HAS_BOX) == 0;
	e->area_from_mask = (e->has & EVAL_HAS_AREA) == 0;
	if (e->area_from_mask)
		e->object.area = e->object.box[2] * e->object.box[3];
	e->object.ignore |= p->shape == EVAL_SHAPE_POSE && e->n_keypoints == 0;
	return 0;
}

/* The three arrays of a data set; others are skipped. */
static const struct section {
	const char *key;
	const char *what;
	int (*read)(const struct eval_place *p, struct eval_truth *truth, struct arena *a);
} sections[] = {
	{ "images", "image", read_image },
	{ "annotations", "annotation", read_annotation },
	{ "categories", "category", read_category },
};
enum { N_SECTIONS = sizeof sections / sizeof sections[0] };

static int read_section(struct json_reader *j, const struct section *section, struct eval_truth *truth, struct arena *a)
{
	struct eval_place p = { .json = j, .what = section->what, .use_ignore = truth->use_ignore, .shape = truth->shape,
		.want_mask = truth->shape == EVAL_SHAPE_MASK, .shapes = &truth->shapes, .sigmas = truth->sigmas };
	int got;
	TRY(array_begin(j, section->key));
	for (; (got = eval_next_entry(&p)) == 1; p.number++)
		TRY(section->read(&p, truth, a));
	return got;
}

static int read_data_set(struct json_reader *j, struct eval_truth *truth, struct arena *a)
{
	bool seen[N_SECTIONS] = { false };
	enum json_event e = json_next(j);
	if (e == JSON_ERROR)
		return -1;
	if (e != JSON_OBJECT_BEGIN)
		return json_fail(j, "not a COCO data set: that is an object with images, annotations and categories");
	while ((e = json_next(j)) == JSON_KEY) {
		int i = 0;
		while (i < N_SECTIONS && !json_is(j, sections[i].key))
			i++;
		if (i == N_SECTIONS) {
			TRY(json_skip(j));
			continue;
		}
		if (seen[i])
			return json_fail(j, "\"%s\" comes twice", sections[i].key);
		seen[i] = true;
		TRY(read_section(j, &sections[i], truth, a));
	}
	if (e == JSON_ERROR || json_next(j) != JSON_END)
		return -1;
	for (int i = 0; i < N_SECTIONS; i++)
		if (!seen[i])
			return json_fail(j, "not a COCO data set: it has no \"%s\"", sections[i].key);
	return 0;
}

int eval_truth_from_json(struct eval_set *set, const char *path)
{
	struct json_reader j;
	struct eval_truth truth;
	TRY(json_open(&j, path));
	eval_truth_init(&truth, set, &j);
	int status = read_data_set(&j, &truth, set->arena);
	json_close(&j);
	if (status == 0 && eval_truth_finish(set, &truth) != 0)
		status = err_context("in '%s'", path);
	eval_truth_release(&truth);
	return status;
}
