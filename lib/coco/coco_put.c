#include "coco/coco_put.h"

#include "base/json_members.h"
#include "coco/rle.h"

#include <math.h>
#include <string.h>

/* An annotation that is being written. */
struct put {
	struct json_writer *j;
	const char *key[20];	/* that are written; ends with NULL */
	int n;
};

/* A key that the object's members do not say again. */
static struct json_writer *put_key(struct put *p, const char *key)
{
	p->key[p->n++] = key;
	json_put_key(p->j, key);
	return p->j;
}

static unsigned form_of(const struct sample *s, int64_t i)
{
	return s->form != NULL ? s->form[i] : 0;
}

static int fail_members(const struct sample *s)
{
	char text[128];
	return err_context("image %s of source '%s'", sample_id_text(&s->id, text), s->source);
}

int coco_put_category(struct json_writer *j, const struct category *c)
{
	json_put_object(j);
	json_put_integer_of(j, "id", c->id);
	json_put_string_of(j, "name", c->name);
	if (c->supercategory != NULL)
		json_put_string_of(j, "supercategory", c->supercategory);
	if (c->n_keypoints > 0) {
		json_put_key(j, "keypoints");
		json_put_array(j);
		for (int i = 0; i < c->n_keypoints; i++)
			json_put_string(j, c->keypoints[i]);
		json_put_end(j, ']');
	}
	if (c->n_skeleton > 0) {
		json_put_key(j, "skeleton");
		json_put_array(j);
		for (int i = 0; i < c->n_skeleton; i++) {
			json_put_array(j);
			json_put_integer(j, c->skeleton[i][0]);
			json_put_integer(j, c->skeleton[i][1]);
			json_put_end(j, ']');
		}
		json_put_end(j, ']');
	}
	const char *const written[] = { "id", "name", c->supercategory != NULL ? "supercategory" : "id",
		c->n_keypoints > 0 ? "keypoints" : "id", c->n_skeleton > 0 ? "skeleton" : "id", NULL };
	TRY(json_members_put(j, c->members, written, "what is said of a category"));
	json_put_end(j, '}');
	return 0;
}

void coco_size(int *w, int *h, const struct sample *s)
{
	*w = s->orig_w;
	*h = s->orig_h;
	if (s->pixels.data == NULL)
		return;
	*w = s->valid_w > 0 ? s->valid_w : (int)s->pixels.dim[1];
	*h = s->valid_h > 0 ? s->valid_h : (int)s->pixels.dim[0];
}

int coco_put_image(struct json_writer *j, const struct sample *s, const char *file_name, const struct category *categories)
{
	int w, h;
	coco_size(&w, &h, s);
	json_put_object(j);
	json_put_key(j, "id");
	if (s->id.text != NULL)
		json_put_string(j, s->id.text);
	else
		json_put_integer(j, s->id.number);
	json_put_string_of(j, "file_name", file_name);
	json_put_integer_of(j, "width", w);
	json_put_integer_of(j, "height", h);
	if (s->class_label >= 0)
		json_put_integer_of(j, "category_id", categories[s->class_label].id);
	if (s->original_class_label >= 0)
		json_put_integer_of(j, "original_category_id", categories[s->original_class_label].id);
	static const char *const written[] = { "id", "file_name", "width", "height", "category_id", "original_category_id", NULL };
	if (json_members_put(j, s->members, written, "key 'members'") != 0)
		return fail_members(s);
	json_put_end(j, '}');
	return 0;
}

static void put_numbers(struct json_writer *j, const char *key, const double *value, int64_t n)
{
	if (key != NULL)
		json_put_key(j, key);
	json_put_array(j);
	for (int64_t i = 0; i < n; i++)
		json_put_double(j, value[i]);
	json_put_end(j, ']');
}

static int put_counts(struct json_writer *j, const struct sample_mask *m, bool as_numbers, struct arena *a)
{
	struct rle runs = { .h = m->rle_h, .w = m->rle_w };
	json_put_key(j, "counts");
	if (!as_numbers) {
		json_put_string(j, m->rle);
		return 0;
	}
	runs.runs = arena_calloc(a, strlen(m->rle) + 1, sizeof *runs.runs);
	if (runs.runs == NULL)
		return -1;
	TRY(rle_expand(&runs, m->rle));
	json_put_array(j);
	for (int64_t i = 0; i < runs.n; i++)
		json_put_integer(j, runs.runs[i]);
	json_put_end(j, ']');
	return 0;
}

static int put_mask(struct put *p, const struct sample_mask *m, bool as_numbers, struct arena *a)
{
	if (m->n_polygons == 0 && m->rle == NULL)
		return 0;
	struct json_writer *j = put_key(p, "segmentation");
	if (m->n_polygons > 0) {
		json_put_array(j);
		for (int i = 0; i < m->n_polygons; i++)
			put_numbers(j, NULL, m->polygons[i].data, 2 * m->polygons[i].dim[0]);
		json_put_end(j, ']');
		return 0;
	}
	json_put_object(j);
	TRY(put_counts(j, m, as_numbers, a));
	put_numbers(j, "size", (double[]){ m->rle_h, m->rle_w }, 2);
	json_put_end(j, '}');
	return 0;
}

static void put_keypoints(struct put *out, const struct sample *s, int64_t i)
{
	unsigned form = form_of(s, i);
	if (s->keypoints.data == NULL || (form & SAMPLE_NO_KEYPOINTS) != 0)
		return;
	int64_t k = s->keypoints.dim[1], seen = 0;
	const float *point = (const float *)s->keypoints.data + i * k * 3;
	const double *exact = s->points.data != NULL ? (const double *)s->points.data + i * k * 3 : NULL;
	for (int64_t p = 0; p < k; p++)
		seen += point[3 * p + 2] > 0;
	struct json_writer *j = put_key(out, "keypoints");
	json_put_array(j);
	for (int64_t p = 0; p < 3 * k; p++)
		json_put_double(j, exact != NULL ? exact[p] : sample_decimal(point[p]));
	json_put_end(j, ']');
	if ((form & SAMPLE_NO_NUM_KEYPOINTS) == 0)
		json_put_integer(put_key(out, "num_keypoints"), seen);
}

static void put_box(struct put *p, const struct sample *s, int64_t i)
{
	static const double identity[6] = { 1, 0, 0, 0, 1, 0 };
	const double *m = s->transform;
	double bbox[4];
	bool as_annotated = memcmp(m, identity, sizeof identity) == 0;
	sample_bbox(bbox, s->boxes + 4 * i);
	if (as_annotated && s->bbox != NULL)
		memcpy(bbox, s->bbox + 4 * i, sizeof bbox);
	put_key(p, "bbox");
	put_numbers(p->j, NULL, bbox, 4);
	if (s->area != NULL && (form_of(s, i) & SAMPLE_NO_AREA) == 0)
		json_put_double(put_key(p, "area"), as_annotated ? s->area[i] : s->area[i] * fabs(m[0] * m[4] - m[1] * m[3]));
}

int coco_put_annotation(struct json_writer *j, const struct sample *s, int64_t i, int64_t id, const struct category *categories,
			struct arena *a)
{
	bool crowd = s->iscrowd != NULL && s->iscrowd[i] != 0;
	unsigned form = form_of(s, i);
	struct put p = { .j = j };
	json_put_object(j);
	json_put_integer(put_key(&p, "id"), id);
	put_key(&p, "image_id");
	if (s->id.text != NULL)
		json_put_string(j, s->id.text);
	else
		json_put_integer(j, s->id.number);
	json_put_integer(put_key(&p, "category_id"), categories[s->labels[i]].id);
	put_box(&p, s, i);
	if (crowd || (form & SAMPLE_NO_ISCROWD) == 0)
		json_put_integer(put_key(&p, "iscrowd"), crowd);
	if (s->ignore != NULL && s->ignore[i] != 0)
		json_put_integer(put_key(&p, "ignore"), 1);
	if (s->truncated != NULL && s->truncated[i] != 0)
		json_put_integer(put_key(&p, "truncated"), 1);
	/* COCO has those of a crowd as numbers, others as text. */
	if (s->masks != NULL)
		TRY(put_mask(&p, &s->masks[i], crowd != ((form & SAMPLE_OTHER_COUNTS) != 0), a));
	put_keypoints(&p, s, i);
	if (s->score != NULL && (form & SAMPLE_NO_SCORE) == 0)
		json_put_double(put_key(&p, "score"), sample_decimal(s->score[i]));
	if (s->weight != NULL && (form & SAMPLE_NO_WEIGHT) == 0)
		json_put_double(put_key(&p, "weight"), sample_decimal(s->weight[i]));
	if (s->original_labels != NULL && s->original_labels[i] >= 0)
		json_put_integer(put_key(&p, "original_category_id"), categories[s->original_labels[i]].id);
	if (s->object_members != NULL && json_members_put(j, s->object_members[i], p.key, "key 'object_members'") != 0)
		return fail_members(s);
	json_put_end(j, '}');
	return 0;
}
