#include "eval/eval_set.h"

#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Which keys an annotation or a result had. */
enum {
	HAS_IMAGE = 1,
	HAS_CATEGORY = 2,
	HAS_BOX = 4,
	HAS_SCORE = 8,
	HAS_AREA = 16,
};

/* An array of objects under way: what they are called in messages, and the number of the current one. */
struct place {
	struct json_reader *json;
	const char *what;	/* "annotation", "result" */
	int64_t number;
	bool use_ignore;	/* "ignore" and "difficult" have a say */
};

static int fail(const struct place *p, const char *message)
{
	return json_fail(p->json, "%s %" PRId64 ": %s", p->what, p->number, message);
}

/* The reader's own complaint, with the object it was in. */
static int broken(const struct place *p)
{
	return err_context("in %s %" PRId64, p->what, p->number);
}

static int read_number(const struct place *p, const char *key, double *x)
{
	enum json_event e = json_next(p->json);
	if (e == JSON_ERROR)
		return broken(p);
	if (e != JSON_NUMBER)
		return json_fail(p->json, "%s %" PRId64 ": \"%s\" is not a number", p->what, p->number, key);
	*x = p->json->number;
	return 0;
}

static int read_integer(const struct place *p, const char *key, int64_t *x)
{
	enum json_event e = json_next(p->json);
	if (e == JSON_ERROR)
		return broken(p);
	if (e != JSON_NUMBER || !p->json->is_integer)
		return json_fail(p->json, "%s %" PRId64 ": \"%s\" is not an integer", p->what, p->number, key);
	*x = p->json->integer;
	return 0;
}

/* Ids of images are integers or strings. */
static int read_image_id(const struct place *p, const char *key, struct sample_id *id, struct arena *a)
{
	enum json_event e = json_next(p->json);
	*id = (struct sample_id){ .number = p->json->integer };
	if (e == JSON_ERROR)
		return broken(p);
	if (e == JSON_STRING) {
		id->text = arena_strndup(a, p->json->text, p->json->text_size);
		return id->text == NULL ? -1 : 0;
	}
	if (e != JSON_NUMBER || !p->json->is_integer)
		return json_fail(p->json, "%s %" PRId64 ": \"%s\" is neither an integer nor a string", p->what, p->number, key);
	return 0;
}

static int read_flag(const struct place *p, const char *key, bool *flag)
{
	enum json_event e = json_next(p->json);
	if (e == JSON_ERROR)
		return broken(p);
	if (e != JSON_NUMBER && e != JSON_TRUE && e != JSON_FALSE)
		return json_fail(p->json, "%s %" PRId64 ": \"%s\" is neither 0 nor 1", p->what, p->number, key);
	*flag = e == JSON_TRUE || (e == JSON_NUMBER && p->json->number != 0);
	return 0;
}

static int read_box(const struct place *p, double box[4])
{
	enum json_event e = json_next(p->json);
	if (e == JSON_ERROR)
		return broken(p);
	if (e != JSON_ARRAY_BEGIN)
		return fail(p, "\"bbox\" is not an array [x, y, width, height]");
	for (int i = 0; i < 4; i++) {
		e = json_next(p->json);
		if (e == JSON_ERROR)
			return broken(p);
		if (e != JSON_NUMBER)
			return fail(p, "\"bbox\" does not hold four numbers");
		box[i] = p->json->number;
	}
	e = json_next(p->json);
	if (e == JSON_ERROR)
		return broken(p);
	return e == JSON_ARRAY_END ? 0 : fail(p, "\"bbox\" does not hold four numbers");
}

/* The value after a key of an annotation or a result. */
static int read_value(const struct place *p, struct eval_entry *e, unsigned *has, struct arena *a)
{
	struct json_reader *j = p->json;
	if (json_is(j, "image_id")) {
		*has |= HAS_IMAGE;
		return read_image_id(p, "image_id", &e->image, a);
	}
	if (json_is(j, "category_id")) {
		*has |= HAS_CATEGORY;
		return read_integer(p, "category_id", &e->category);
	}
	if (json_is(j, "bbox")) {
		*has |= HAS_BOX;
		return read_box(p, e->object.box);
	}
	if (json_is(j, "score")) {
		*has |= HAS_SCORE;
		return read_number(p, "score", &e->object.score);
	}
	if (json_is(j, "area")) {
		*has |= HAS_AREA;
		return read_number(p, "area", &e->object.area);
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
		return read_integer(p, "id", &e->id);
	}
	return json_skip(j) == 0 ? 0 : broken(p);
}

/* The rest of an object whose begin has been read; `wanted` keys must be there. */
static int read_entry(const struct place *p, struct eval_entry *e, unsigned wanted, struct arena *a)
{
	static const char *const names[] = { "image_id", "category_id", "bbox", "score" };
	enum json_event event;
	unsigned has = 0;
	*e = (struct eval_entry){ 0 };
	while ((event = json_next(p->json)) == JSON_KEY)
		TRY(read_value(p, e, &has, a));
	if (event == JSON_ERROR)
		return broken(p);
	for (int i = 0; i < 4; i++)
		if ((wanted & ~has & 1u << i) != 0)
			return json_fail(p->json, "%s %" PRId64 " has no \"%s\"", p->what, p->number, names[i]);
	if ((has & HAS_AREA) == 0)
		e->object.area = e->object.box[2] * e->object.box[3];
	return 0;
}

/* The next object of an array: 1, 0 at the array's end, -1. */
static int next_in_array(const struct place *p)
{
	enum json_event e = json_next(p->json);
	if (e == JSON_OBJECT_BEGIN)
		return 1;
	if (e == JSON_ARRAY_END)
		return 0;
	if (e == JSON_ERROR)
		return broken(p);
	return fail(p, "it is not an object");
}

static int array_begin(struct json_reader *j, const char *key)
{
	enum json_event e = json_next(j);
	if (e == JSON_ERROR)
		return -1;
	return e == JSON_ARRAY_BEGIN ? 0 : json_fail(j, "\"%s\" is not an array", key);
}

static int read_image(const struct place *p, struct eval_truth *truth, struct arena *a)
{
	bool has_id = false;
	int taken = 0;
	enum json_event e;
	TRY(eval_grow(&truth->images, truth->n_images, &truth->room_images, sizeof *truth->images, a));
	while ((e = json_next(p->json)) == JSON_KEY) {
		if (json_is(p->json, "id")) {
			TRY(read_image_id(p, "id", &truth->images[truth->n_images], a));
			has_id = true;
		} else if (truth->federated != NULL && (taken = eval_federated_image_key(truth->federated, p->json)) != 0) {
			TRY(taken < 0);
		} else if (json_skip(p->json) != 0) {
			return broken(p);
		}
	}
	if (e == JSON_ERROR)
		return broken(p);
	if (!has_id)
		return fail(p, "it has no \"id\"");
	if (truth->federated != NULL)
		TRY(eval_federated_image_end(truth->federated, p->json, &truth->images[truth->n_images]));
	truth->n_images++;
	return 0;
}

static int read_category(const struct place *p, struct eval_truth *truth, struct arena *a)
{
	bool has_id = false;
	int taken = 0;
	enum json_event e;
	TRY(eval_grow(&truth->categories, truth->n_categories, &truth->room_categories, sizeof *truth->categories, a));
	struct category *c = &truth->categories[truth->n_categories++];
	*c = (struct category){ .name = "" };
	while ((e = json_next(p->json)) == JSON_KEY) {
		if (json_is(p->json, "id")) {
			TRY(read_integer(p, "id", &c->id));
			has_id = true;
		} else if (json_is(p->json, "name")) {
			if (json_next(p->json) != JSON_STRING)
				return fail(p, "\"name\" is not a string");
			c->name = arena_strndup(a, p->json->text, p->json->text_size);
			if (c->name == NULL)
				return -1;
		} else if (truth->federated != NULL && (taken = eval_federated_category_key(truth->federated, p->json)) != 0) {
			TRY(taken < 0);
		} else if (json_skip(p->json) != 0) {
			return broken(p);
		}
	}
	if (e == JSON_ERROR)
		return broken(p);
	if (!has_id)
		return fail(p, "it has no \"id\"");
	return truth->federated == NULL ? 0 : eval_federated_category_end(truth->federated, p->json, c->id);
}

static int read_annotation(const struct place *p, struct eval_truth *truth, struct arena *a)
{
	TRY(eval_grow(&truth->entries, truth->n_entries, &truth->room_entries, sizeof *truth->entries, a));
	return read_entry(p, &truth->entries[truth->n_entries++], HAS_IMAGE | HAS_CATEGORY | HAS_BOX, a);
}

/* The three arrays of a data set; others are skipped. */
static const struct section {
	const char *key;
	const char *what;
	int (*read)(const struct place *p, struct eval_truth *truth, struct arena *a);
} sections[] = {
	{ "images", "image", read_image },
	{ "annotations", "annotation", read_annotation },
	{ "categories", "category", read_category },
};
enum { N_SECTIONS = sizeof sections / sizeof sections[0] };

static int read_section(struct json_reader *j, const struct section *section, struct eval_truth *truth, struct arena *a)
{
	struct place p = { .json = j, .what = section->what, .use_ignore = truth->use_ignore };
	int got;
	TRY(array_begin(j, section->key));
	for (; (got = next_in_array(&p)) == 1; p.number++)
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
	struct eval_truth truth = { .use_ignore = set->use_ignore, .federated = set->federated };
	TRY(json_open(&j, path));
	int status = read_data_set(&j, &truth, set->arena);
	json_close(&j);
	TRY(status);
	return eval_truth_finish(set, &truth) == 0 ? 0 : err_context("in '%s'", path);
}

/* Look up what a result names and append it. */
static int add_result(const struct place *p, struct eval_set *set, struct eval_entry *e, int64_t *room)
{
	char text[128];
	e->object.image = eval_find_image(set, &e->image);
	e->object.category = eval_find_category(set, e->category);
	e->object.area = e->object.box[2] * e->object.box[3];
	e->object.crowd = false;
	if (e->object.image == EVAL_UNKNOWN)
		return json_fail(p->json, "%s %" PRId64 ": image %s is not in the ground truth; are these results of another set?",
				 p->what, p->number, sample_id_text(&e->image, text));
	if (e->object.category == EVAL_UNKNOWN) {
		snprintf(text, sizeof text, "%" PRId64, e->category);
		eval_leave_out(&set->dt_category, text);
		return 0;
	}
	if (e->object.image < 0 || e->object.category < 0)
		return 0;
	TRY(eval_grow(&set->dt, set->n_dt, room, sizeof *set->dt, set->arena));
	set->dt[set->n_dt++] = e->object;
	return 0;
}

static int read_results(struct json_reader *j, struct eval_set *set)
{
	struct place p = { .json = j, .what = "result" };
	struct eval_entry entry;
	int64_t room = 0;
	int got;
	enum json_event e = json_next(j);
	if (e == JSON_ERROR)
		return -1;
	if (e != JSON_ARRAY_BEGIN)
		return json_fail(j, "not COCO results: those are an array of {image_id, category_id, bbox, score}");
	for (; (got = next_in_array(&p)) == 1; p.number++) {
		TRY(read_entry(&p, &entry, HAS_IMAGE | HAS_CATEGORY | HAS_BOX | HAS_SCORE, set->arena));
		TRY(add_result(&p, set, &entry, &room));
	}
	TRY(got);
	return json_next(j) == JSON_END ? 0 : -1;
}

int eval_results_from_json(struct eval_set *set, const char *path)
{
	struct json_reader j;
	TRY(json_open(&j, path));
	int status = read_results(&j, set);
	json_close(&j);
	return status;
}
