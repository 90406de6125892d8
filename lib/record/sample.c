#include "record/sample.h"

#include "record/kinds.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define RECORD sample
static const struct field sample_fields[] = {
#include "formats/sample.def"
	FIELDS_END
};

static const struct sample empty_sample = {
	.source = "", .input = -1, .file_name = "", .caption = "", .members = "", .exif = 1, .exif_boxes = 1, .class_label = -1,
	.original_class_label = -1,
	.transform = { 1, 0, 0, 0, 1, 0 },
};

static int decode(void *record, const struct stream_body *body, const struct stream_header *header, struct arena *a)
{
	TRY(sample_decode(record, body, a));
	return sample_check(record, header);
}

static void view(struct record_view *v, const void *record)
{
	const struct sample *s = record;
	*v = (struct record_view){
		.id = &s->id, .seq = s->seq, .n = s->n, .labels = s->labels, .boxes = s->boxes,
		.w = s->orig_w, .h = s->orig_h, .encoded = s->encoded != NULL, .pixels = s->pixels.data != NULL,
		.class_label = s->class_label,
	};
}

const struct record_kind sample_kind = {
	.name = "sample",
	.fields = sample_fields,
	.empty = &empty_sample,
	.size = sizeof empty_sample,
	.n_at = offsetof(struct sample, n),
	.extra_at = offsetof(struct sample, extra),
	.decode = decode,
	.view = view,
};

void sample_init(struct sample *s)
{
	*s = empty_sample;
}

int sample_decode(struct sample *s, const struct stream_body *body, struct arena *a)
{
	TRY(fields_decode(s, &sample_kind, body, a));
	if (s->keypoints.data != NULL && s->keypoints.dim[0] != s->n)
		return err_set("key 'keypoints': %" PRId64 " objects, but key 'boxes' has %" PRId64,
			       s->keypoints.dim[0], s->n);
	if (s->points.data != NULL && (s->keypoints.data == NULL || s->points.dim[0] != s->n ||
				       s->points.dim[1] != s->keypoints.dim[1]))
		return err_set("key 'points' has not the shape of key 'keypoints'");
	if (s->encoded != NULL && s->pixels.data != NULL)
		return err_set("a sample carries 'encoded' or 'pixels', not both");
	if (s->pixels.data != NULL && (s->valid_h > s->pixels.dim[0] || s->valid_w > s->pixels.dim[1]))
		return err_set("keys 'valid_w' and 'valid_h': %dx%d is larger than the pixels", s->valid_w, s->valid_h);
	return 0;
}

int sample_encode(uint8_t **body, size_t *size, const struct sample *s, struct arena *a)
{
	if (fields_encode(body, size, s, &sample_kind, a) == 0)
		return 0;
	char text[128];
	return err_context("sample %s", sample_id_text(&s->id, text));
}

int sample_check(const struct sample *s, const struct stream_header *header)
{
	if (s->class_label >= header->n_categories)
		return err_set("key 'class_label' is %" PRId64 ", the header has %d categories", s->class_label,
			       header->n_categories);
	if (s->class_scores.data != NULL && s->class_scores.dim[0] != header->n_categories)
		return err_set("key 'class_scores' has %" PRId64 " numbers, the header has %d categories", s->class_scores.dim[0],
			       header->n_categories);
	if (s->original_class_label >= header->n_categories)
		return err_set("key 'original_class_label' is %" PRId64 ", the header has %d categories", s->original_class_label,
			       header->n_categories);
	for (int64_t i = 0; i < s->n; i++) {
		if (s->original_labels != NULL && (s->original_labels[i] < -1 || s->original_labels[i] >= header->n_categories))
			return err_set("object %" PRId64 " has had label %d, the header has %d categories", i, s->original_labels[i],
				       header->n_categories);
		if (s->labels[i] < 0 || s->labels[i] >= header->n_categories)
			return err_set("object %" PRId64 " has label %d, the header has %d categories", i,
				       s->labels[i], header->n_categories);
		for (int k = 0; k < 4; k++)
			if (!isfinite(s->boxes[4 * i + k]))
				return err_set("object %" PRId64 " has a box that is not finite", i);
	}
	return 0;
}

int sample_read(struct sample *s, struct stream_reader *r, struct arena *a)
{
	struct stream_body body;
	int got = stream_reader_next(r, &body);
	if (got != 1)
		return got;
	if (sample_decode(s, &body, a) != 0 || sample_check(s, stream_reader_header(r)) != 0)
		return err_context("record %" PRId64 " of '%s'", body.number, stream_reader_name(r));
	return 1;
}

void sample_strip_labels(struct sample *s)
{
	s->n = 0;
	s->boxes = NULL;
	s->labels = NULL;
	s->area = NULL;
	s->iscrowd = s->ignore = s->truncated = NULL;
	s->score = s->weight = NULL;
	s->object_id = NULL;
	s->bbox = NULL;
	s->original_labels = NULL;
	s->form = NULL;
	s->object_members = NULL;
	s->masks = NULL;
	s->caption = "";
	s->keypoints.data = s->points.data = s->semantic.data = s->class_scores.data = NULL;
	s->class_label = s->original_class_label = -1;
}

int sample_write(struct stream_writer *w, const struct sample *s, struct arena *a)
{
	uint8_t *body;
	size_t size;
	TRY(sample_encode(&body, &size, s, a));
	return stream_writer_put(w, body, size, s->n);
}

const char *sample_id_text(const struct sample_id *id, char text[128])
{
	if (id->text == NULL)
		snprintf(text, 128, "%" PRId64, id->number);
	else
		snprintf(text, 128, "'%s'", id->text);
	return text;
}
