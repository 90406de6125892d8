#include "base/json_part.h"
#include "base/threads.h"
#include "eval/eval_intake.h"
#include "eval/eval_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Some megabytes for all threads together; large enough that what is done once a part does not count. */
enum { PART = 1 << 19 };

/* What is known before a part is read. */
struct form {
	bool known;
	enum eval_shape shape;	/* see eval_set.form */
};

/* A part of the array under way. */
struct item {
	struct json_part part;
	struct eval_batch batch;
	struct form form;
	int64_t n;	/* results */
	struct json_place end;
	bool failed, cut_short;
};

struct results {
	struct eval_intake *intake;
	const struct eval_set *set;
	const char *name;
	struct json_parts parts;
	struct form form;
	/* Where the part that comes next begins. */
	struct json_place place;
	int64_t number;
	/* What was cut short, until it is whole, and how much of it has been tried. */
	struct json_part cut;
	size_t tried;
};

/* A result: where it stands, and where it goes. */
struct taker {
	struct eval_place place;
	const struct eval_set *set;
	struct form *form;
	struct eval_batch *batch;
};

/*
 * What the first result has decides for all, as in pycocotools: with a box, areas are those of the boxes, also when
 * masks or keypoints are compared; with a mask or keypoints only, box and area are taken from those.
 */
static int decide_form(const struct eval_place *p, struct form *form, const struct eval_entry *first)
{
	if ((first->has & EVAL_HAS_BOX) != 0)
		form->shape = EVAL_SHAPE_BOX;
	else if ((first->has & EVAL_HAS_MASK) != 0)
		form->shape = EVAL_SHAPE_MASK;
	else if ((first->has & EVAL_HAS_POSE) != 0)
		form->shape = EVAL_SHAPE_POSE;
	else
		return eval_check_keys(p, first, EVAL_HAS_BOX);
	form->known = true;
	return 0;
}

static int check_result(const struct taker *t, const struct eval_entry *e)
{
	static const unsigned form_key[] = {
		[EVAL_SHAPE_BOX] = EVAL_HAS_BOX, [EVAL_SHAPE_MASK] = EVAL_HAS_MASK, [EVAL_SHAPE_POSE] = EVAL_HAS_POSE,
	};
	/* A box stands in for a mask that is missing, but nothing for keypoints. */
	unsigned wanted = EVAL_HAS_IMAGE | EVAL_HAS_CATEGORY | EVAL_HAS_SCORE | form_key[t->form->shape];
	if (t->set->shape == EVAL_SHAPE_POSE || (t->set->shape == EVAL_SHAPE_MASK && t->form->shape != EVAL_SHAPE_BOX))
		wanted |= form_key[t->set->shape];
	return eval_check_keys(&t->place, e, wanted);
}

/* Box and area, except from masks, which are not runs yet: set_from_masks() adds those. */
static int complete(struct taker *t, struct eval_entry *e)
{
	const struct eval_set *set = t->set;
	struct eval_object *o = &e->object;
	if (t->form->shape == EVAL_SHAPE_POSE) {
		if (set->shape == EVAL_SHAPE_POSE)
			eval_pose_box(o->box, o->pose);
		else
			memcpy(o->box, e->extent, sizeof o->box);
	}
	if ((e->has & EVAL_HAS_BOX) == 0 && t->form->shape == EVAL_SHAPE_MASK)
		o->box[0] = NAN;
	o->area = o->box[2] * o->box[3];
	o->crowd = false;
	if (set->shape == EVAL_SHAPE_MASK && e->mask == NULL) {
		t->batch->n_boxes_as_masks++;
		TRY(eval_mask_from_box(t->place.shapes, t->place.number, o->box, &e->mask));
	}
	if (e->mask != NULL) {
		struct eval_size size = set->sizes != NULL ? set->sizes[eval_lookup_image(&set->lookup, &e->image)]
							   : (struct eval_size){ 0 };
		o->mask = e->mask->edges;
		e->mask->h = size.h;
		e->mask->w = size.w;
	}
	return 0;
}

/* The numbers of what a result names: 1, 0 when it is left out, -1. */
static int look_up(struct taker *t, struct eval_entry *e)
{
	const struct eval_place *p = &t->place;
	char text[128];
	e->object.image = eval_find_image(t->set, &e->image);
	e->object.category = eval_find_category(t->set, e->category);
	if (e->object.image == EVAL_UNKNOWN)
		return json_fail(p->json, "%s %" PRId64 ": image %s is not in the ground truth; are these results of another set?",
				 p->what, p->number, sample_id_text(&e->image, text));
	if (e->object.category == EVAL_UNKNOWN) {
		snprintf(text, sizeof text, "%" PRId64, e->category);
		eval_leave_out(&t->batch->dt_category, text);
	}
	return e->object.image >= 0 && e->object.category >= 0;
}

static int add_result(struct taker *t, struct eval_entry *e)
{
	int wanted = look_up(t, e);
	bool mask_wanted = t->set->shape == EVAL_SHAPE_MASK || t->form->shape == EVAL_SHAPE_MASK;
	if (e->mask != NULL && (wanted != 1 || !mask_wanted)) {
		e->mask->edges = NULL;
		e->mask = NULL;
	}
	if (wanted != 1)
		return wanted;
	TRY(complete(t, e));
	return eval_objects_add(&t->batch->dt, &e->object, 1);
}

static void set_from_masks(struct eval_batch *batch)
{
	for (int64_t i = 0; i < batch->dt.n; i++) {
		struct eval_object *o = &batch->dt.at[i];
		o->area = o->mask->area;
		if (isnan(o->box[0]))
			memcpy(o->box, o->mask->box, sizeof o->box);
	}
}

/* The results of a part. */
static int take_part(struct taker *t, const struct json_part *part)
{
	struct eval_place *p = &t->place;
	struct eval_entry entry;
	int got;
	if (part->first) {
		enum json_event e = json_next(p->json);
		if (e == JSON_ERROR)
			return -1;
		if (e != JSON_ARRAY_BEGIN)
			return json_fail(p->json, "not COCO results: those are an array of {image_id, category_id, bbox, score}");
	}
	p->want_mask = !t->form->known || t->set->shape == EVAL_SHAPE_MASK || t->form->shape == EVAL_SHAPE_MASK;
	p->want_extent = t->set->shape != EVAL_SHAPE_POSE && (!t->form->known || t->form->shape == EVAL_SHAPE_POSE);
	for (; (got = eval_next_entry(p)) == 1; p->number++) {
		TRY(eval_take_entry(p, &entry, &t->batch->arena));
		if (!t->form->known) {
			TRY(decide_form(p, t->form, &entry));
			p->want_mask = t->set->shape == EVAL_SHAPE_MASK || t->form->shape == EVAL_SHAPE_MASK;
			p->want_extent = t->set->shape != EVAL_SHAPE_POSE && t->form->shape == EVAL_SHAPE_POSE;
		}
		TRY(check_result(t, &entry));
		TRY(add_result(t, &entry));
	}
	TRY(got);
	if (json_next(p->json) != JSON_END)
		return -1;
	TRY(eval_shapes_flush(p->shapes));
	if (t->form->shape == EVAL_SHAPE_MASK)
		set_from_masks(t->batch);
	return 0;
}

/* Read an item's part, which begins at this place with the result of this number, and prepare its batch. */
static int read_part(const struct results *r, struct item *item, struct json_place place, int64_t number)
{
	struct json_reader j;
	struct eval_shapes shapes;
	eval_batch_reset(&item->batch);
	item->form = r->form;
	item->cut_short = false;
	TRY(json_open_part(&j, &item->part, r->name, &place));
	eval_shapes_init(&shapes, &j, "result", 1, &item->batch.arena);
	struct taker t = { .set = r->set, .form = &item->form, .batch = &item->batch, .place = { .json = &j, .what = "result",
		.number = number, .shape = r->set->shape, .shapes = &shapes, .sigmas = r->set->sigmas } };
	int status = take_part(&t, &item->part);
	item->n = t.place.number - number;
	item->end = json_here(&j);
	item->cut_short = status != 0 && json_cut_short(&j);
	eval_shapes_release(&shapes);
	json_close(&j);
	return status != 0 ? -1 : eval_intake_prepare(r->intake, &item->batch);
}

static int next_item(void *context, void *item)
{
	return json_parts_next(&((struct results *)context)->parts, &((struct item *)item)->part);
}

/* Out of order, so that a message would not say the right place: what fails is read again when it comes to it. */
static int work_item(void *context, void *at)
{
	struct item *item = at;
	item->failed = read_part(context, item, (struct json_place){ 0 }, 0) != 0;
	return 0;
}

/* Join what was cut short with what comes behind it: 1 when it is worth another try, so that all tries together stay linear. */
static int join(struct results *r, struct item *item)
{
	TRY(json_part_join(&r->cut, &item->part));
	if (!r->cut.last && r->cut.size / 2 < r->tried)
		return 0;
	struct json_part joined = r->cut;
	r->cut = item->part;
	r->cut.size = 0;
	item->part = joined;
	item->failed = true;
	return 1;
}

static int done_item(void *context, void *at)
{
	struct results *r = context;
	struct item *item = at;
	if (r->cut.size > 0) {
		int joined = join(r, item);
		if (joined != 1)
			return joined;
	}
	if (item->failed) {
		if (read_part(r, item, r->place, r->number) != 0) {
			if (!item->cut_short || item->part.last)
				return -1;
			struct json_part cut = item->part;
			item->part = r->cut;
			r->cut = cut;
			r->tried = cut.size;
			return 0;
		}
		r->place = item->end;
	} else {
		r->place.columns = item->end.columns + (item->end.lines == 0 ? r->place.columns : 0);
		r->place.lines += item->end.lines;
	}
	r->number += item->n;
	/* Others read it meanwhile: it is written before they start. */
	if (!r->form.known)
		r->form = item->form;
	return eval_intake_take(r->intake, &item->batch);
}

/* The first result decides how all others are read, so it is read before them. */
static int take_first(struct results *r, struct item *item)
{
	int got = 0;
	while (!r->form.known && (got = next_item(r, item)) == 1) {
		work_item(r, item);
		TRY(done_item(r, item));
	}
	return r->form.known ? 1 : got;
}

static int take_all(struct results *r, int threads)
{
	int n_items = threads == 1 ? 1 : threads + 2, n_ready = 0, status = 0;
	struct item *items = calloc((size_t)n_items, sizeof *items);
	if (items == NULL)
		return err_set("out of memory");
	while (n_ready < n_items && status == 0)
		status = eval_batch_init(&items[n_ready++].batch, r->intake);
	if (status == 0)
		status = take_first(r, &items[0]);
	if (status == 1)
		status = ordered_run(&(struct ordered_work){ .next = next_item, .work = work_item, .done = done_item,
			.context = r, .items = items, .n_items = n_items, .item_size = sizeof *items }, threads);
	for (int i = 0; i < n_ready; i++) {
		eval_batch_release(&items[i].batch);
		json_part_release(&items[i].part);
	}
	free(items);
	return status;
}

int eval_results_from_json(struct eval_intake *intake, const char *path)
{
	struct eval_set *set = intake->set;
	struct results r = { .intake = intake, .set = set, .name = text_input_name(path) };
	TRY(json_parts_open(&r.parts, path, set->part_size == 0 ? PART : set->part_size));
	int status = take_all(&r, set->threads < 1 ? 1 : set->threads);
	set->results_are_json = r.form.known;
	set->form = r.form.shape;
	json_parts_close(&r.parts);
	json_part_release(&r.cut);
	return status;
}
