#include "coco/image_table.h"

#include "base/io.h"
#include "coco/object_columns.h"
#include "image/probe.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int reject_record(struct dataset_record *r, const char *reason, const char *detail)
{
	r->reject = reason;
	r->detail = arena_strdup(&r->arena, detail);
	return r->detail != NULL ? 0 : -1;
}

/* The bytes of the image file, or a reject. */
static int read_image(struct dataset_record *r, const char *path)
{
	struct stat st;
	uint8_t *data;
	if (stat(path, &st) != 0) {
		if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
			return err_errno("cannot read '%s'", path);
		return reject_record(r, REJECT_NO_IMAGE, "");
	}
	if (!S_ISREG(st.st_mode))
		return reject_record(r, REJECT_NOT_IMAGE, "not a regular file");
	TRY(io_read_file(path, &data, &r->sample.encoded_size, &r->arena));
	r->sample.encoded = data;
	return 0;
}

/* The last chunk of a PNG has no content but its checksum. What stands there is mostly at the very end. */
static bool has_last_chunk(const uint8_t *data, size_t size)
{
	static const uint8_t last[] = { 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82 };
	return (size >= sizeof last && memcmp(data + size - sizeof last, last, sizeof last) == 0) ||
		memmem(data, size, last, sizeof last) != NULL;
}

/*
 * True when the end marker is there. Inside JPEG's compressed data 0xff is never followed by
 * 0xd9, so this is sure; in PNG's it would be one chance in 2^64 a byte.
 */
static bool is_whole(const struct image_info *info, const uint8_t *data, size_t size)
{
	if (info->format == IMAGE_PNG)
		return has_last_chunk(data, size);
	const uint8_t *end = data + size;
	while (end > data + info->scan) {
		const uint8_t *mark = memrchr(data + info->scan, 0xd9, (size_t)(end - data) - info->scan);
		if (mark == NULL || mark == data + info->scan)
			return false;
		if (mark[-1] == 0xff)
			return true;
		end = mark;
	}
	return false;
}

/*
 * Which frame the annotations were made in. Their size tells when the turned image has
 * another one than the raw; where it does not, the option decides.
 */
static int find_frame(struct dataset_record *r, const struct image_info *info, int32_t w, int32_t h, bool prefer_turned)
{
	struct sample *s = &r->sample;
	char text[128];
	int turned_w = info->exif > 4 ? info->h : info->w, turned_h = info->exif > 4 ? info->w : info->h;
	bool raw = w == info->w && h == info->h;
	bool turned = w == turned_w && h == turned_h;
	if (w == 0 && h == 0)
		raw = turned = true;
	if (!raw && !turned) {
		snprintf(text, sizeof text, "annotated %dx%d, the image has %dx%d", w, h, info->w, info->h);
		return reject_record(r, REJECT_SIZE, text);
	}
	bool use_turned = turned && (!raw || prefer_turned);
	s->exif = info->exif;
	s->exif_boxes = use_turned ? 1 : info->exif;
	s->orig_w = use_turned ? turned_w : info->w;
	s->orig_h = use_turned ? turned_h : info->h;
	s->valid_w = info->w;
	s->valid_h = info->h;
	return 0;
}

/* NULL, or why the object cannot be used. box is cut to the image. */
static const char *check_object(const struct table_object *o, const struct sample *s, double box[4], bool *clipped)
{
	const double limit[4] = { s->orig_w, s->orig_h, s->orig_w, s->orig_h };
	*clipped = false;
	if (o->label < 0)
		return REJECT_CATEGORY;
	if (!(o->box[2] > o->box[0] && o->box[3] > o->box[1]))
		return REJECT_BOX_EMPTY;
	for (int i = 0; i < 4; i++) {
		box[i] = fmin(fmax(o->box[i], 0), limit[i]);
		*clipped |= box[i] != o->box[i];
	}
	/* In f32, as the sample carries it: a sliver may round to nothing. */
	if (!((float)box[2] > (float)box[0] && (float)box[3] > (float)box[1]))
		return *clipped ? REJECT_BOX_OUTSIDE : REJECT_BOX_EMPTY;
	const struct table_mask *m = o->mask;
	if (m != NULL && m->n_polygons == 0 && m->rle == NULL)
		return REJECT_SEGMENT;
	bool fits = m == NULL || m->rle == NULL || (!m->broken && m->rle_w == s->orig_w && m->rle_h == s->orig_h);
	return fits ? NULL : REJECT_MASK;
}

/* A copy of the object in pixels, where its box and polygons are parts of the image's sides. */
static int scale_object(struct table_object *out, const struct table_object *o, const struct sample *s, struct arena *a)
{
	const double side[2] = { s->orig_w, s->orig_h };
	*out = *o;
	for (int i = 0; i < 4; i++)
		out->box[i] *= side[i % 2];
	if (o->mask == NULL)
		return 0;
	int64_t n = 0;
	for (int i = 0; i < o->mask->n_polygons; i++)
		n += o->mask->n_points[i];
	struct table_mask *mask = arena_alloc(a, sizeof *mask);
	double *xy = arena_calloc(a, (size_t)n, 2 * sizeof *xy);
	if (mask == NULL || xy == NULL)
		return -1;
	for (int64_t i = 0; i < 2 * n; i++)
		xy[i] = o->mask->xy[i] * side[i % 2];
	*mask = *o->mask;
	mask->xy = xy;
	out->mask = mask;
	return 0;
}

int image_table_load_objects(struct dataset_record *r, const struct image_table *t, const struct table_object *o,
			     int64_t n_objects)
{
	struct object_columns c;
	TRY(object_columns_make(&c, (size_t)n_objects, t->n_keypoints, &r->arena));
	r->rejects = arena_calloc(&r->arena, (size_t)n_objects, sizeof *r->rejects);
	if (r->rejects == NULL)
		return -1;
	int64_t n = 0;
	for (int64_t i = 0; i < n_objects; i++) {
		const struct table_object *object = &o[i];
		struct table_object scaled;
		double box[4];
		bool clipped;
		if (t->normalised) {
			TRY(scale_object(&scaled, object, &r->sample, &r->arena));
			object = &scaled;
		}
		const char *reason = check_object(object, &r->sample, box, &clipped);
		if (reason != NULL) {
			r->rejects[r->n_rejects++] = (struct dataset_reject){ reason, o[i].id };
			continue;
		}
		TRY(object_columns_put(&c, n++, object, box, &r->arena));
		r->n_clipped += clipped;
	}
	r->sample.n = n;
	if (n > 0)
		object_columns_use(&r->sample, &c);
	return 0;
}

int image_load_header(struct dataset_record *r, int32_t w, int32_t h, bool exif_turned)
{
	const struct sample *s = &r->sample;
	struct image_info info;
	if (image_probe(&info, s->encoded, s->encoded_size) != 0)
		return reject_record(r, REJECT_NOT_IMAGE, err_get());
	if (!is_whole(&info, s->encoded, s->encoded_size))
		return reject_record(r, REJECT_TRUNCATED, "");
	return find_frame(r, &info, w, h, exif_turned);
}

int image_table_load_image(const struct dataset *d, struct dataset_record *r, int32_t w, int32_t h)
{
	const struct image_table *t = d->state;
	const struct table_image *image = &t->images[r->index];
	struct sample *s = &r->sample;
	r->n_objects = image->n;
	s->id = image->id;
	s->source = d->name;
	s->file_name = image->file_name;
	s->members = image->members != NULL ? image->members : "";
	if (image->no_annotation && !d->options.unlabelled)
		return reject_record(r, REJECT_NO_ANNOTATION, "");
	const char *path = image_table_path(t, image, &r->arena);
	if (path == NULL)
		return -1;
	TRY(read_image(r, path));
	if (r->reject != NULL)
		return 0;
	return image_load_header(r, w, h, d->options.exif_turned);
}

int image_table_load(const struct dataset *d, struct dataset_record *r)
{
	const struct image_table *t = d->state;
	const struct table_image *image = &t->images[r->index];
	TRY(image_table_load_image(d, r, image->w, image->h));
	if (r->reject != NULL || d->options.unlabelled)
		return 0;
	if (image->has_category && image->label < 0)
		return reject_record(r, REJECT_CATEGORY, "");
	if (image->has_category)
		r->sample.class_label = image->label;
	r->sample.original_class_label = image->relabelled ? image->original_label : -1;
	return image_table_load_objects(r, t, t->objects + image->first, image->n);
}
