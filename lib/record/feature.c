#include "record/feature.h"

#include "record/kinds.h"

#include <inttypes.h>
#include <math.h>

#define RECORD feature
static const struct field feature_fields[] = {
#include "formats/feature.def"
	FIELDS_END
};

static const struct feature empty_feature = { .source = "", .file_name = "", .class_label = -1 };

static int check(const struct feature *f, const struct stream_header *header)
{
	if (f->features.data == NULL || f->features.dim[0] < 1)
		return err_set("it has no features");
	if (f->class_label >= header->n_categories)
		return err_set("class_label is %" PRId64 ", the header has %d categories", f->class_label, header->n_categories);
	for (int64_t i = 0; i < f->features.dim[0]; i++)
		if (!isfinite(((const float *)f->features.data)[i]))
			return err_set("feature %" PRId64 " is not finite", i);
	return 0;
}

static int decode(void *record, const struct stream_body *body, const struct stream_header *header, struct arena *a)
{
	TRY(fields_decode(record, &feature_kind, body, a));
	return check(record, header);
}

static void view(struct record_view *v, const void *record)
{
	const struct feature *f = record;
	*v = (struct record_view){ .id = &f->id, .seq = f->seq, .class_label = f->class_label };
}

const struct record_kind feature_kind = {
	.name = "feature",
	.fields = feature_fields,
	.empty = &empty_feature,
	.size = sizeof empty_feature,
	.n_at = offsetof(struct feature, n),
	.extra_at = offsetof(struct feature, extra),
	.decode = decode,
	.view = view,
};

int feature_read(struct feature *f, struct stream_reader *r, struct arena *a)
{
	struct stream_body body;
	int got = stream_reader_next(r, &body);
	if (got != 1)
		return got;
	if (decode(f, &body, stream_reader_header(r), a) != 0)
		return err_context("record %" PRId64 " of '%s'", body.number, stream_reader_name(r));
	return 1;
}

int feature_write(struct stream_writer *w, const struct feature *f, struct arena *a)
{
	uint8_t *body;
	size_t size;
	char text[128];
	if (fields_encode(&body, &size, f, &feature_kind, a) != 0)
		return err_context("features of image %s", sample_id_text(&f->id, text));
	return stream_writer_put(w, body, size, 0);
}
