#include "coco/coco_masks.h"

#include "coco/rle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int coco_take_side(struct json_reader *j, const char *what, int32_t *side)
{
	int64_t value;
	TRY(json_take_integer(j, what, &value));
	if (value < 1 || value > INT32_MAX)
		return json_fail(j, "%s must be at least 1, not %lld", what, (long long)value);
	*side = (int32_t)value;
	return 0;
}

/* Room for one more number. */
static int reserve_number(struct coco_masks *c)
{
	if (c->n_xy < c->xy_room)
		return 0;
	int64_t room = c->xy_room > 0 ? 2 * c->xy_room : 1024;
	double *larger = realloc(c->xy, (size_t)room * sizeof *larger);
	if (larger == NULL)
		return err_set("out of memory for a mask of %lld numbers", (long long)room);
	c->xy = larger;
	c->xy_room = room;
	return 0;
}

int coco_read_numbers(struct coco_masks *c, const char *what)
{
	for (;;) {
		TRY(reserve_number(c));
		c->n_xy += (int64_t)json_next_numbers(c->json, c->xy + c->n_xy, (size_t)(c->xy_room - c->n_xy));
		enum json_event e = json_next_element(c->json);
		if (e == JSON_ERROR)
			return -1;
		if (e == JSON_ARRAY_END)
			return 0;
		if (e != JSON_NUMBER)
			return json_fail(c->json, "%s must hold nothing but numbers", what);
		TRY(reserve_number(c));
		c->xy[c->n_xy++] = c->json->number;
	}
}

/* One more polygon, of n numbers. */
static int push_polygon(struct coco_masks *c, int64_t n)
{
	if (n == 0 || n % 2 != 0 || n > INT32_MAX)
		return json_fail(c->json, "a polygon must have an even number of coordinates, not %lld", (long long)n);
	if (c->n_polygons == c->polygons_room) {
		int room = c->polygons_room > 0 ? 2 * c->polygons_room : 64;
		int32_t *larger = realloc(c->points, (size_t)room * sizeof *larger);
		if (larger == NULL)
			return err_set("out of memory for %d polygons", room);
		c->points = larger;
		c->polygons_room = room;
	}
	c->points[c->n_polygons++] = (int32_t)(n / 2);
	return 0;
}

/* What was read becomes a mask: one piece of memory for all of it. */
static int keep_polygons(struct coco_masks *c, struct table_mask **mask)
{
	size_t head = sizeof **mask, coordinates = (size_t)c->n_xy * sizeof *c->xy;
	size_t points = (size_t)c->n_polygons * sizeof *c->points;
	char *block = arena_alloc(c->arena, head + coordinates + points);
	if (block == NULL)
		return -1;
	struct table_mask *m = (void *)block;
	*m = (struct table_mask){ .n_polygons = c->n_polygons, .xy = (void *)(block + head),
		.n_points = (void *)(block + head + coordinates) };
	memcpy(block + head, c->xy, coordinates);
	memcpy(block + head + coordinates, c->points, points);
	*mask = m;
	return 0;
}

/* Behind the '[' of the list of polygons. */
static int read_polygons(struct coco_masks *c, struct table_mask **mask)
{
	enum json_event e;
	c->n_xy = 0;
	c->n_polygons = 0;
	while ((e = json_next_element(c->json)) == JSON_ARRAY_BEGIN) {
		int64_t before = c->n_xy;
		TRY(coco_read_numbers(c, "a polygon"));
		TRY(push_polygon(c, c->n_xy - before));
	}
	if (e != JSON_ARRAY_END)
		return e == JSON_ERROR ? -1 : json_fail(c->json, "'segmentation' must hold nothing but polygons");
	return c->n_polygons > 0 ? keep_polygons(c, mask) : 0;
}

/* The compressed text, or runs, which are compressed. */
static int read_counts(struct coco_masks *c, struct table_mask *m)
{
	struct json_reader *j = c->json;
	enum json_event e = json_next(j);
	if (e == JSON_STRING && memchr(j->text, 0, j->text_size) == NULL) {
		m->rle = arena_strndup(c->arena, j->text, j->text_size);
		return m->rle != NULL ? 0 : -1;
	}
	if (e != JSON_ARRAY_BEGIN)
		return e == JSON_ERROR ? -1 : json_fail(j, "'counts' must be a string or an array of numbers");
	c->n_xy = 0;
	TRY(coco_read_numbers(c, "'counts'"));
	uint32_t *runs = malloc((size_t)(c->n_xy + 1) * sizeof *runs);
	if (runs == NULL)
		return err_set("out of memory for a mask");
	for (int64_t i = 0; i < c->n_xy; i++) {
		double run = c->xy[i];
		if (!(run >= 0 && run <= UINT32_MAX && run == floor(run))) {
			free(runs);
			return json_fail(j, "'counts' must hold run lengths, not %g", run);
		}
		runs[i] = (uint32_t)run;
	}
	m->rle = rle_compress(runs, c->n_xy, c->arena);
	m->as_numbers = true;
	free(runs);
	return m->rle != NULL ? 0 : -1;
}

/* Behind the '{' of {"counts": ..., "size": [h, w]}. */
static int read_rle(struct coco_masks *c, struct table_mask **mask)
{
	struct table_mask *m = arena_calloc(c->arena, 1, sizeof *m);
	if (m == NULL)
		return -1;
	int more;
	while ((more = json_next_key(c->json)) == 1) {
		if (json_is(c->json, "counts")) {
			TRY(read_counts(c, m));
		} else if (json_is(c->json, "size")) {
			TRY(json_enter_array(c->json, "a mask's 'size'"));
			TRY(coco_take_side(c->json, "a mask's height", &m->rle_h));
			TRY(coco_take_side(c->json, "a mask's width", &m->rle_w));
			if (json_next(c->json) != JSON_ARRAY_END)
				return json_fail(c->json, "a mask's 'size' must be [height, width]");
		} else {
			TRY(json_skip(c->json));
		}
	}
	if (more < 0)
		return -1;
	if (m->rle == NULL || m->rle_h == 0)
		return json_fail(c->json, "'segmentation' must have 'counts' and 'size'");
	*mask = m;
	return 0;
}

int coco_read_segmentation(struct coco_masks *c, struct table_mask **mask)
{
	*mask = NULL;
	enum json_event e = json_next(c->json);
	c->null = e == JSON_NULL;
	if (e == JSON_ARRAY_BEGIN)
		return read_polygons(c, mask);
	if (e == JSON_OBJECT_BEGIN)
		return read_rle(c, mask);
	if (e == JSON_NULL)
		return 0;
	return e == JSON_ERROR ? -1 : json_fail(c->json, "'segmentation' must be polygons or a run-length mask");
}

void coco_masks_release(struct coco_masks *c)
{
	free(c->xy);
	free(c->points);
}
