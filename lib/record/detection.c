#include "record/detection.h"

#include "record/kinds.h"

#include <inttypes.h>
#include <math.h>

#define RECORD detection
static const struct field detection_fields[] = {
#include "formats/detection.def"
	FIELDS_END
};

static const struct detection empty_detection = { .source = "", .file_name = "" };

static int decode(void *record, const struct stream_body *body, const struct stream_header *header, struct arena *a)
{
	TRY(detection_decode(record, body, a));
	return detection_check(record, header);
}

static void view(struct record_view *v, const void *record)
{
	const struct detection *d = record;
	*v = (struct record_view){
		.id = &d->id, .seq = d->seq, .n = d->n, .labels = d->labels, .boxes = d->boxes,
		.w = d->orig_w, .h = d->orig_h, .class_label = -1,
	};
}

const struct record_kind detection_kind = {
	.name = "detection",
	.fields = detection_fields,
	.empty = &empty_detection,
	.size = sizeof empty_detection,
	.n_at = offsetof(struct detection, n),
	.extra_at = offsetof(struct detection, extra),
	.decode = decode,
	.view = view,
};

int detection_decode(struct detection *d, const struct stream_body *body, struct arena *a)
{
	TRY(fields_decode(d, &detection_kind, body, a));
	if (d->keypoints.data != NULL && d->keypoints.dim[0] != d->n)
		return err_set("key 'keypoints': %" PRId64 " objects, but key 'boxes' has %" PRId64, d->keypoints.dim[0], d->n);
	return 0;
}

int detection_encode(uint8_t **body, size_t *size, const struct detection *d, struct arena *a)
{
	if (fields_encode(body, size, d, &detection_kind, a) == 0)
		return 0;
	char text[128];
	return err_context("detections of image %s", sample_id_text(&d->id, text));
}

int detection_check(const struct detection *d, const struct stream_header *header)
{
	for (int64_t i = 0; i < d->n; i++) {
		if (d->labels[i] < 0 || d->labels[i] >= header->n_categories)
			return err_set("object %" PRId64 " has label %d, the header has %d categories", i,
				       d->labels[i], header->n_categories);
		for (int k = 0; k < 4; k++)
			if (!isfinite(d->boxes[4 * i + k]) || !isfinite(d->scores[i]))
				return err_set("object %" PRId64 " has a box or score that is not finite", i);
	}
	return 0;
}

int detection_read(struct detection *d, struct stream_reader *r, struct arena *a)
{
	struct stream_body body;
	int got = stream_reader_next(r, &body);
	if (got != 1)
		return got;
	if (detection_decode(d, &body, a) != 0 || detection_check(d, stream_reader_header(r)) != 0)
		return err_context("record %" PRId64 " of '%s'", body.number, stream_reader_name(r));
	return 1;
}

int detection_write(struct stream_writer *w, const struct detection *d, struct arena *a)
{
	uint8_t *body;
	size_t size;
	TRY(detection_encode(&body, &size, d, a));
	return stream_writer_put(w, body, size, d->n);
}
