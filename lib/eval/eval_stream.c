#include "eval/eval_set.h"

#include "record/detection.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

int eval_check_kind(struct stream_reader *r, const char *kind, const char *role)
{
	const char *got = stream_reader_header(r)->kind;
	if (strcmp(got, kind) != 0)
		return err_set("'%s' is a stream of kind '%s'; %s needs '%s'", stream_reader_name(r), got, role, kind);
	return 0;
}

/* Corners in the sample's image to x y w h in original pixels. Error: the image was turned by no multiple of 180 degrees. */
static int original_box(double box[4], const float corner[4], const double m[6])
{
	double x0 = corner[0], y0 = corner[1], x1 = corner[2], y1 = corner[3];
	bool identity = m[0] == 1 && m[4] == 1 && m[2] == 0 && m[5] == 0;
	if (m[1] != 0 || m[3] != 0 || m[0] == 0 || m[4] == 0)
		return err_set("its image is turned; give the samples before augmentation");
	if (!identity) {
		double xa = (x0 - m[2]) / m[0], xb = (x1 - m[2]) / m[0];
		double ya = (y0 - m[5]) / m[4], yb = (y1 - m[5]) / m[4];
		x0 = fmin(xa, xb);
		x1 = fmax(xa, xb);
		y0 = fmin(ya, yb);
		y1 = fmax(ya, yb);
	}
	box[0] = x0;
	box[1] = y0;
	box[2] = x1 - x0;
	box[3] = y1 - y0;
	return 0;
}

/* What is compared beside the box. Error: the object has none. */
static int add_truth_shape(struct eval_truth *truth, struct eval_entry *e, const struct sample *s, int64_t i)
{
	if (truth->shape == EVAL_SHAPE_MASK) {
		if (s->masks != NULL)
			TRY(eval_mask_from_record(&truth->shapes, truth->n_entries, &s->masks[i], s->transform, &e->mask));
		if (e->mask == NULL)
			return err_set("object %" PRId64 " has no mask", i);
	} else if (truth->shape == EVAL_SHAPE_POSE) {
		if (s->keypoints.data == NULL)
			return err_set("object %" PRId64 " has no keypoints", i);
		int64_t k = s->keypoints.dim[1];
		const float *xyv = (const float *)s->keypoints.data + 3 * k * i;
		TRY(eval_pose_from_record(truth->sigmas, xyv, k, s->transform, truth->shapes.arena, &e->object.pose));
		e->object.ignore |= e->object.pose->n_labelled == 0;
	}
	return 0;
}

static int add_annotations(struct eval_truth *truth, const struct sample *s, const struct stream_header *header,
			   const struct sample_id *id)
{
	for (int64_t i = 0; i < s->n; i++) {
		TRY(arena_grow(&truth->entries, truth->n_entries, &truth->room_entries, sizeof *truth->entries, &truth->scratch));
		struct eval_entry *e = &truth->entries[truth->n_entries];
		*e = (struct eval_entry){ .image = *id };
		if (s->labels[i] < 0 || s->labels[i] >= header->n_categories)
			return err_set("object %" PRId64 ": label %d is not one of the %d categories", i, s->labels[i],
				       header->n_categories);
		e->category = header->categories[s->labels[i]].id;
		TRY(original_box(e->object.box, &s->boxes[4 * i], s->transform));
		bool annotated = s->area != NULL && !isnan(s->area[i]);
		e->object.area = annotated ? s->area[i] : e->object.box[2] * e->object.box[3];
		e->object.crowd = s->iscrowd != NULL && s->iscrowd[i] != 0;
		e->object.ignore = s->ignore != NULL && s->ignore[i] != 0;
		e->area_from_mask = !annotated;
		TRY(add_truth_shape(truth, e, s, i));
		truth->n_entries++;
	}
	return 0;
}

static int add_sample(struct eval_truth *truth, const struct sample *s, const struct stream_header *header, struct arena *a)
{
	TRY(arena_grow(&truth->images, truth->n_images, &truth->room_images, sizeof *truth->images, a));
	if (truth->shape == EVAL_SHAPE_MASK)
		TRY(eval_add_size(truth, (struct eval_size){ .h = s->orig_h, .w = s->orig_w }, a));
	struct sample_id *id = &truth->images[truth->n_images++];
	*id = s->id;
	if (s->id.text != NULL && (id->text = arena_strdup(a, s->id.text)) == NULL)
		return -1;
	return add_annotations(truth, s, header, id);
}

static int copy_categories(struct eval_truth *truth, const struct stream_header *header, struct arena *a)
{
	truth->n_categories = header->n_categories;
	truth->categories = arena_calloc(a, (size_t)header->n_categories, sizeof *truth->categories);
	if (truth->categories == NULL)
		return -1;
	for (int i = 0; i < header->n_categories; i++) {
		const char *name = header->categories[i].name;
		truth->categories[i] = (struct category){ .id = header->categories[i].id,
			.name = arena_strdup(a, name == NULL ? "" : name) };
		if (truth->categories[i].name == NULL)
			return -1;
	}
	return 0;
}

static int read_samples(struct eval_truth *truth, struct stream_reader *r, struct arena *a, struct arena *record)
{
	struct sample s;
	int got;
	TRY(eval_check_kind(r, "sample", "the ground truth"));
	TRY(copy_categories(truth, stream_reader_header(r), a));
	while ((got = sample_read(&s, r, record)) == 1) {
		char text[128];
		if (add_sample(truth, &s, stream_reader_header(r), a) != 0)
			return err_context("sample %s of '%s'", sample_id_text(&s.id, text), stream_reader_name(r));
		arena_reset(record);
	}
	return got;
}

int eval_truth_from_samples(struct eval_set *set, const char *path)
{
	struct stream_reader r;
	struct eval_truth truth;
	struct arena record;
	TRY(stream_reader_open(&r, path, NULL));
	arena_init(&record, 1 << 16);
	eval_truth_init(&truth, set, NULL);
	int status = read_samples(&truth, &r, set->arena, &record);
	arena_release(&record);
	stream_reader_close(&r);
	if (status == 0 && eval_truth_finish(set, &truth) != 0)
		status = err_context("in '%s'", path);
	eval_truth_release(&truth);
	return status;
}
