#include "coco/coco_put.h"

#include "coco/rle.h"

#include <math.h>
#include <string.h>

void coco_put_category(struct json_writer *j, const struct category *c)
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
	json_put_end(j, '}');
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

void coco_put_image(struct json_writer *j, const struct sample *s, const char *file_name, const struct category *categories)
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
	json_put_end(j, '}');
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

/* As COCO writes them: those of a crowd as numbers, others as text. */
static int put_counts(struct json_writer *j, const struct sample_mask *m, bool crowd, struct arena *a)
{
	struct rle runs = { .h = m->rle_h, .w = m->rle_w };
	json_put_key(j, "counts");
	if (!crowd) {
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

static int put_mask(struct json_writer *j, const struct sample_mask *m, bool crowd, struct arena *a)
{
	if (m->n_polygons == 0 && m->rle == NULL)
		return 0;
	json_put_key(j, "segmentation");
	if (m->n_polygons > 0) {
		json_put_array(j);
		for (int i = 0; i < m->n_polygons; i++)
			put_numbers(j, NULL, m->polygons[i].data, 2 * m->polygons[i].dim[0]);
		json_put_end(j, ']');
		return 0;
	}
	json_put_object(j);
	TRY(put_counts(j, m, crowd, a));
	put_numbers(j, "size", (double[]){ m->rle_h, m->rle_w }, 2);
	json_put_end(j, '}');
	return 0;
}

/* Objects of classes without keypoints have zeros only, where others of their image have some. */
static void put_keypoints(struct json_writer *j, const struct sample *s, int64_t i, const struct category *c)
{
	if (s->keypoints.data == NULL)
		return;
	int64_t k = s->keypoints.dim[1], seen = 0;
	const float *point = (const float *)s->keypoints.data + i * k * 3;
	bool empty = true;
	for (int64_t p = 0; p < k; p++) {
		seen += point[3 * p + 2] > 0;
		empty &= point[3 * p] == 0 && point[3 * p + 1] == 0 && !(point[3 * p + 2] != 0);
	}
	if (empty && c->n_keypoints == 0)
		return;
	json_put_key(j, "keypoints");
	json_put_array(j);
	for (int64_t p = 0; p < 3 * k; p++)
		json_put_double(j, sample_decimal(point[p]));
	json_put_end(j, ']');
	json_put_integer_of(j, "num_keypoints", seen);
}

static void put_box(struct json_writer *j, const struct sample *s, int64_t i)
{
	static const double identity[6] = { 1, 0, 0, 0, 1, 0 };
	const double *m = s->transform;
	double bbox[4];
	bool as_annotated = memcmp(m, identity, sizeof identity) == 0;
	sample_bbox(bbox, s->boxes + 4 * i);
	if (as_annotated && s->bbox != NULL)
		memcpy(bbox, s->bbox + 4 * i, sizeof bbox);
	put_numbers(j, "bbox", bbox, 4);
	if (s->area != NULL)
		json_put_double_of(j, "area", as_annotated ? s->area[i] : s->area[i] * fabs(m[0] * m[4] - m[1] * m[3]));
}

int coco_put_annotation(struct json_writer *j, const struct sample *s, int64_t i, int64_t id, const struct category *categories,
			struct arena *a)
{
	const struct category *c = &categories[s->labels[i]];
	bool crowd = s->iscrowd != NULL && s->iscrowd[i] != 0;
	json_put_object(j);
	json_put_integer_of(j, "id", id);
	json_put_key(j, "image_id");
	if (s->id.text != NULL)
		json_put_string(j, s->id.text);
	else
		json_put_integer(j, s->id.number);
	json_put_integer_of(j, "category_id", c->id);
	put_box(j, s, i);
	json_put_integer_of(j, "iscrowd", crowd);
	if (s->ignore != NULL && s->ignore[i] != 0)
		json_put_integer_of(j, "ignore", 1);
	if (s->truncated != NULL && s->truncated[i] != 0)
		json_put_integer_of(j, "truncated", 1);
	if (s->masks != NULL)
		TRY(put_mask(j, &s->masks[i], crowd, a));
	put_keypoints(j, s, i, c);
	if (s->score != NULL)
		json_put_double_of(j, "score", sample_decimal(s->score[i]));
	if (s->weight != NULL)
		json_put_double_of(j, "weight", sample_decimal(s->weight[i]));
	if (s->original_labels != NULL && s->original_labels[i] >= 0)
		json_put_integer_of(j, "original_category_id", categories[s->original_labels[i]].id);
	json_put_end(j, '}');
	return 0;
}
