/* The objects of COCO's files: annotations and results have most of their fields in common. */
#include "coco/coco_reader.h"
#include "coco/rle.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int read_bbox(struct coco_reader *c, struct table_object *o)
{
	TRY(json_enter_array(&c->json, "'bbox'"));
	c->masks.n_xy = 0;
	TRY(coco_read_numbers(&c->masks, "'bbox'"));
	if (c->masks.n_xy != 4)
		return json_fail(&c->json, "'bbox' must have 4 numbers, not %lld", (long long)c->masks.n_xy);
	o->box[0] = c->masks.xy[0];
	o->box[1] = c->masks.xy[1];
	o->box[2] = c->masks.xy[0] + c->masks.xy[2];
	o->box[3] = c->masks.xy[1] + c->masks.xy[3];
	o->side[0] = c->masks.xy[2];
	o->side[1] = c->masks.xy[3];
	/* A tiny width far from the origin must not vanish unseen, nor a negative one appear. */
	if (!(c->masks.xy[2] > 0 && c->masks.xy[3] > 0))
		o->box[2] = o->box[0];
	return 0;
}

static int keep_keypoints(struct coco_reader *c, struct table_object *o)
{
	size_t n = (size_t)c->masks.n_xy;
	float *points = arena_alloc(c->arena, n * sizeof *points);
	if (points == NULL)
		return -1;
	bool told = true;
	for (size_t i = 0; i < n; i++) {
		points[i] = (float)c->masks.xy[i];
		told &= sample_decimal(points[i]) == c->masks.xy[i];
	}
	o->keypoints = points;
	if (told)
		return 0;
	double *exact = arena_alloc(c->arena, n * sizeof *exact);
	if (exact == NULL)
		return -1;
	memcpy(exact, c->masks.xy, n * sizeof *exact);
	o->points = exact;
	return 0;
}

static int read_keypoints(struct coco_reader *c, struct table_object *o)
{
	TRY(json_enter_array(&c->json, "'keypoints'"));
	c->masks.n_xy = 0;
	TRY(coco_read_numbers(&c->masks, "'keypoints'"));
	if (c->masks.n_xy == 0)
		return json_members_add(&c->members, "keypoints", "[]", 2);
	if (c->masks.n_xy % 3 != 0)
		return json_fail(&c->json, "'keypoints' must have 3 numbers a point, not %lld in all", (long long)c->masks.n_xy);
	if (c->table->n_keypoints == 0)
		c->table->n_keypoints = (int)(c->masks.n_xy / 3);
	if (c->masks.n_xy / 3 != c->table->n_keypoints)
		return json_fail(&c->json, "%lld keypoints, but %d in the annotations before", (long long)c->masks.n_xy / 3,
				 c->table->n_keypoints);
	return keep_keypoints(c, o);
}

static int read_mask(struct coco_reader *c, struct table_object *o)
{
	struct table_mask *mask;
	TRY(coco_read_segmentation(&c->masks, &mask));
	if (mask != NULL && mask->rle != NULL)
		mask->broken = !rle_covers(mask->rle, mask->rle_h, mask->rle_w);
	o->mask = mask;
	if (mask != NULL)
		return 0;
	return c->masks.null ? json_members_add(&c->members, "segmentation", "null", 4) :
		json_members_add(&c->members, "segmentation", "[]", 2);
}

/* A number of f32. What that does not tell is kept as it was written: true in *kept. */
static int read_rounded(struct coco_reader *c, const char *key, float *rounded, bool *kept)
{
	char text[32], what[32];
	double value;
	snprintf(what, sizeof what, "'%s'", key);
	TRY(json_take_number(&c->json, what, &value));
	*rounded = (float)value;
	*kept = sample_decimal(*rounded) != value;
	if (!*kept)
		return 0;
	int size = snprintf(text, sizeof text, "%.17g", value);
	return json_members_add(&c->members, key, text, (size_t)size);
}

/* 0 is what an annotation without it says, but not how. */
static int read_flag(struct coco_reader *c, const char *key, bool *value)
{
	char what[32];
	snprintf(what, sizeof what, "'%s'", key);
	TRY(json_take_bool(&c->json, what, value));
	return *value ? 0 : json_members_add(&c->members, key, "0", 1);
}

static int read_said(struct coco_reader *c, struct table_object *o, unsigned *seen)
{
	struct json_reader *j = &c->json;
	bool kept;
	if (json_is(j, "iscrowd")) {
		o->form &= (uint8_t)~SAMPLE_NO_ISCROWD;
		return json_take_bool(j, "'iscrowd'", &o->iscrowd);
	}
	if (json_is(j, "ignore"))
		return read_flag(c, "ignore", &o->ignore);
	if (json_is(j, "truncated"))
		return read_flag(c, "truncated", &o->truncated);
	if (json_is(j, "score")) {
		*seen |= COCO_HAS_SCORE;
		o->scored = true;
		TRY(read_rounded(c, "score", &o->score, &kept));
		o->form &= (uint8_t)~(kept ? 0 : SAMPLE_NO_SCORE);
		return 0;
	}
	if (json_is(j, "weight")) {
		o->weighted = true;
		TRY(read_rounded(c, "weight", &o->weight, &kept));
		o->form &= (uint8_t)~(kept ? 0 : SAMPLE_NO_WEIGHT);
		return 0;
	}
	if (json_is(j, "original_category_id")) {
		o->relabelled = true;
		return json_take_integer(j, "'original_category_id'", &o->original_category);
	}
	if (json_is(j, "num_keypoints"))
		return json_members_take(&c->count, j);
	return json_members_take(&c->members, j);
}

static int read_field(struct coco_reader *c, struct table_object *o, unsigned *seen)
{
	struct json_reader *j = &c->json;
	if (json_is(j, "segmentation"))
		return read_mask(c, o);
	if (json_is(j, "bbox")) {
		*seen |= COCO_HAS_BOX;
		return read_bbox(c, o);
	}
	if (json_is(j, "id")) {
		*seen |= COCO_HAS_ID;
		return json_take_integer(j, "an annotation's 'id'", &o->id);
	}
	if (json_is(j, "image_id")) {
		*seen |= COCO_HAS_IMAGE;
		return coco_take_id(j, "an annotation's 'image_id'", &o->image_id, c->arena);
	}
	if (json_is(j, "category_id")) {
		*seen |= COCO_HAS_CATEGORY;
		return json_take_integer(j, "'category_id'", &o->category);
	}
	if (json_is(j, "area"))
		return json_take_number(j, "'area'", &o->area);
	if (json_is(j, "keypoints"))
		return read_keypoints(c, o);
	return read_said(c, o, seen);
}

/* num_keypoints, unless it is what the keypoints say. */
static int keep_count(struct coco_reader *c, struct table_object *o)
{
	static const size_t key = sizeof "\"num_keypoints\":" - 1;
	char text[16];
	int n = 0;
	if (c->count.size == 0)
		return 0;
	for (int i = 0; o->keypoints != NULL && i < c->table->n_keypoints; i++)
		n += o->keypoints[3 * i + 2] > 0;
	size_t size = (size_t)snprintf(text, sizeof text, "%d", n);
	const char *value = c->count.text + key;
	if (o->keypoints != NULL && c->count.size == key + size && memcmp(value, text, size) == 0) {
		o->form &= (uint8_t)~SAMPLE_NO_NUM_KEYPOINTS;
		return 0;
	}
	return json_members_add(&c->members, "num_keypoints", value, c->count.size - key);
}

/* What was not said, and how the rest was. */
static int finish_object(struct coco_reader *c, struct table_object *o)
{
	o->form |= isnan(o->area) ? SAMPLE_NO_AREA : 0;
	o->form &= (uint8_t)~(o->keypoints != NULL ? SAMPLE_NO_KEYPOINTS : 0);
	if (o->mask != NULL && o->mask->rle != NULL && o->mask->as_numbers != o->iscrowd)
		o->form |= SAMPLE_OTHER_COUNTS;
	TRY(keep_count(c, o));
	return json_members_text(&o->members, &c->members, c->arena);
}

int coco_read_fields(struct coco_reader *c, struct table_object *o, unsigned *seen)
{
	int more;
	*o = (struct table_object){ .area = NAN, .weight = 1, .form = SAMPLE_NO_ISCROWD | SAMPLE_NO_KEYPOINTS |
		SAMPLE_NO_NUM_KEYPOINTS | SAMPLE_NO_SCORE | SAMPLE_NO_WEIGHT };
	*seen = 0;
	c->count.size = 0;
	while ((more = json_next_key(&c->json)) == 1)
		TRY(read_field(c, o, seen));
	return more == 0 ? finish_object(c, o) : -1;
}

int coco_read_object(struct coco_reader *c, struct table_object *o)
{
	struct json_reader *j = &c->json;
	unsigned seen;
	TRY(coco_read_fields(c, o, &seen));
	static const char *const name[] = { "id", "image_id", "category_id", "bbox" };
	for (int i = 0; i < 4; i++)
		if (!(seen & (1u << i)))
			return json_fail(j, "this annotation has no '%s'", name[i]);
	int added = id_set_add(&c->object_ids, o->id);
	if (added == 0)
		return json_fail(j, "annotation id %lld is there twice", (long long)o->id);
	return added < 0 ? -1 : 0;
}
