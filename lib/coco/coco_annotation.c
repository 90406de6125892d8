/* The objects of COCO's files: annotations and results have most of their fields in common. */
#include "coco/coco_reader.h"
#include "coco/rle.h"

#include <math.h>

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

static int read_keypoints(struct coco_reader *c, struct table_object *o)
{
	TRY(json_enter_array(&c->json, "'keypoints'"));
	c->masks.n_xy = 0;
	TRY(coco_read_numbers(&c->masks, "'keypoints'"));
	if (c->masks.n_xy == 0)
		return 0;
	if (c->masks.n_xy % 3 != 0)
		return json_fail(&c->json, "'keypoints' must have 3 numbers a point, not %lld in all", (long long)c->masks.n_xy);
	if (c->table->n_keypoints == 0)
		c->table->n_keypoints = (int)(c->masks.n_xy / 3);
	if (c->masks.n_xy / 3 != c->table->n_keypoints)
		return json_fail(&c->json, "%lld keypoints, but %d in the annotations before", (long long)c->masks.n_xy / 3,
				 c->table->n_keypoints);
	float *points = arena_alloc(c->arena, (size_t)c->masks.n_xy * sizeof *points);
	if (points == NULL)
		return -1;
	for (int64_t i = 0; i < c->masks.n_xy; i++)
		points[i] = (float)c->masks.xy[i];
	o->keypoints = points;
	return 0;
}

static int read_mask(struct coco_reader *c, struct table_object *o)
{
	struct table_mask *mask;
	TRY(coco_read_segmentation(&c->masks, &mask));
	if (mask != NULL && mask->rle != NULL)
		mask->broken = !rle_covers(mask->rle, mask->rle_h, mask->rle_w);
	o->mask = mask;
	return 0;
}

static int read_score(struct coco_reader *c, struct table_object *o)
{
	double score;
	TRY(json_take_number(&c->json, "'score'", &score));
	o->score = (float)score;
	return 0;
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
	if (json_is(j, "iscrowd"))
		return json_take_bool(j, "'iscrowd'", &o->iscrowd);
	if (json_is(j, "ignore"))
		return json_take_bool(j, "'ignore'", &o->ignore);
	if (json_is(j, "truncated"))
		return json_take_bool(j, "'truncated'", &o->truncated);
	if (json_is(j, "score")) {
		*seen |= COCO_HAS_SCORE;
		o->scored = true;
		return read_score(c, o);
	}
	if (json_is(j, "keypoints"))
		return read_keypoints(c, o);
	return json_skip(j);
}

int coco_read_fields(struct coco_reader *c, struct table_object *o, unsigned *seen)
{
	int more;
	*o = (struct table_object){ .area = NAN };
	*seen = 0;
	while ((more = json_next_key(&c->json)) == 1)
		TRY(read_field(c, o, seen));
	return more;
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
