#include "eval/eval_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * What the first result has decides for all, as in pycocotools: with a box, areas are those of the boxes, also when
 * masks or keypoints are compared; with a mask or keypoints only, box and area are taken from those.
 */
static int decide_form(const struct eval_place *p, struct eval_set *set, const struct eval_entry *first)
{
	if ((first->has & EVAL_HAS_BOX) != 0)
		set->form = EVAL_SHAPE_BOX;
	else if ((first->has & EVAL_HAS_MASK) != 0)
		set->form = EVAL_SHAPE_MASK;
	else if ((first->has & EVAL_HAS_POSE) != 0)
		set->form = EVAL_SHAPE_POSE;
	else
		return eval_check_keys(p, first, EVAL_HAS_BOX);
	set->results_are_json = true;
	return 0;
}

static int check_result(const struct eval_place *p, const struct eval_set *set, const struct eval_entry *e)
{
	static const unsigned form_key[] = {
		[EVAL_SHAPE_BOX] = EVAL_HAS_BOX, [EVAL_SHAPE_MASK] = EVAL_HAS_MASK, [EVAL_SHAPE_POSE] = EVAL_HAS_POSE,
	};
	/* A box stands in for a mask that is missing, but nothing for keypoints. */
	unsigned wanted = EVAL_HAS_IMAGE | EVAL_HAS_CATEGORY | EVAL_HAS_SCORE | form_key[set->form];
	if (set->shape == EVAL_SHAPE_POSE || (set->shape == EVAL_SHAPE_MASK && set->form != EVAL_SHAPE_BOX))
		wanted |= form_key[set->shape];
	return eval_check_keys(p, e, wanted);
}

/* Box and area, except from masks, which are not runs yet: set_from_masks() adds those. */
static int complete(const struct eval_place *p, struct eval_set *set, struct eval_entry *e)
{
	struct eval_object *o = &e->object;
	if (set->form == EVAL_SHAPE_POSE) {
		if (set->shape == EVAL_SHAPE_POSE)
			eval_pose_box(o->box, o->pose);
		else
			memcpy(o->box, e->extent, sizeof o->box);
	}
	if ((e->has & EVAL_HAS_BOX) == 0 && set->form == EVAL_SHAPE_MASK)
		o->box[0] = NAN;
	o->area = o->box[2] * o->box[3];
	o->crowd = false;
	if (set->shape == EVAL_SHAPE_MASK && e->mask == NULL) {
		set->n_boxes_as_masks++;
		TRY(eval_mask_from_box(p->shapes, p->number, o->box, &e->mask));
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
static int look_up(const struct eval_place *p, struct eval_set *set, struct eval_entry *e)
{
	char text[128];
	e->object.image = eval_find_image(set, &e->image);
	e->object.category = eval_find_category(set, e->category);
	if (e->object.image == EVAL_UNKNOWN)
		return json_fail(p->json, "%s %" PRId64 ": image %s is not in the ground truth; are these results of another set?",
				 p->what, p->number, sample_id_text(&e->image, text));
	if (e->object.category == EVAL_UNKNOWN) {
		snprintf(text, sizeof text, "%" PRId64, e->category);
		eval_leave_out(&set->dt_category, text);
	}
	return e->object.image >= 0 && e->object.category >= 0;
}

static int add_result(const struct eval_place *p, struct eval_set *set, struct eval_entry *e, int64_t *room)
{
	int wanted = look_up(p, set, e);
	bool mask_wanted = set->shape == EVAL_SHAPE_MASK || set->form == EVAL_SHAPE_MASK;
	if (e->mask != NULL && (wanted != 1 || !mask_wanted)) {
		e->mask->edges = NULL;
		e->mask = NULL;
	}
	if (wanted != 1)
		return wanted;
	TRY(complete(p, set, e));
	TRY(eval_grow(&set->dt, set->n_dt, room, sizeof *set->dt, set->arena));
	set->dt[set->n_dt++] = e->object;
	return eval_shapes_full(p->shapes) ? eval_shapes_flush(p->shapes) : 0;
}

static void set_from_masks(struct eval_set *set)
{
	for (int64_t i = 0; i < set->n_dt && set->form == EVAL_SHAPE_MASK; i++) {
		struct eval_object *o = &set->dt[i];
		o->area = o->mask->area;
		if (isnan(o->box[0]))
			memcpy(o->box, o->mask->box, sizeof o->box);
	}
}

static int read_results(struct eval_place *p, struct eval_set *set)
{
	struct eval_entry entry;
	int64_t room = 0;
	int got;
	enum json_event e = json_next(p->json);
	if (e == JSON_ERROR)
		return -1;
	if (e != JSON_ARRAY_BEGIN)
		return json_fail(p->json, "not COCO results: those are an array of {image_id, category_id, bbox, score}");
	for (; (got = eval_next_entry(p)) == 1; p->number++) {
		TRY(eval_take_entry(p, &entry, set->arena));
		if (p->number == 0) {
			TRY(decide_form(p, set, &entry));
			p->want_mask = set->shape == EVAL_SHAPE_MASK || set->form == EVAL_SHAPE_MASK;
			p->want_extent = set->shape != EVAL_SHAPE_POSE && set->form == EVAL_SHAPE_POSE;
		}
		TRY(check_result(p, set, &entry));
		TRY(add_result(p, set, &entry, &room));
	}
	TRY(got);
	if (json_next(p->json) != JSON_END)
		return -1;
	TRY(eval_shapes_flush(p->shapes));
	set_from_masks(set);
	return 0;
}

int eval_results_from_json(struct eval_set *set, const char *path)
{
	struct json_reader j;
	struct eval_shapes shapes;
	TRY(json_open(&j, path));
	eval_shapes_init(&shapes, &j, "result", set->threads, set->arena);
	struct eval_place p = { .json = &j, .what = "result", .shape = set->shape, .want_mask = true,
		.want_extent = set->shape != EVAL_SHAPE_POSE, .shapes = &shapes, .sigmas = set->sigmas };
	int status = read_results(&p, set);
	eval_shapes_release(&shapes);
	json_close(&j);
	return status;
}
