#include "coco/sample_image.h"

#include "base/utf8.h"
#include "coco/coco_put.h"
#include "coco/image_names.h"
#include "image/codec.h"

#include <string.h>

bool path_stays_inside(const char *path)
{
	if (path[0] == '\0' || path[0] == '/' || path[strlen(path) - 1] == '/')
		return false;
	for (const char *part = path;; part++) {
		size_t size = strcspn(part, "/");
		if (size == 2 && part[0] == '.' && part[1] == '.')
			return false;
		part += size;
		if (*part == '\0')
			return true;
	}
}

static bool is_utf8(const char *text)
{
	for (int n; *text != '\0'; text += n)
		if ((n = utf8_length(text)) == 0)
			return false;
	return true;
}

/* The valid part, top left, of pixels or of a label map like them; they themselves where that is all. */
static int cut_padding(struct tensor *out, const struct tensor *in, const struct sample *s, struct arena *a)
{
	int w, h;
	coco_size(&w, &h, s);
	*out = *in;
	bool padded = s->pixels.data != NULL && in->dim[0] == s->pixels.dim[0] && in->dim[1] == s->pixels.dim[1];
	if (!padded || (w == in->dim[1] && h == in->dim[0]))
		return 0;
	size_t pixel = in->rank == 3 ? 3 : 1;
	TRY(tensor_new(out, a, DTYPE_U8, in->rank, (int64_t[]){ h, w, 3 }));
	for (int y = 0; y < h; y++)
		memcpy((uint8_t *)out->data + (size_t)y * (size_t)w * pixel,
		       (const uint8_t *)in->data + (size_t)y * (size_t)in->dim[1] * pixel, (size_t)w * pixel);
	return 0;
}

static int encode_pixels(struct sample_image *image, struct dataset_record *r, int jpeg_quality)
{
	struct tensor pixels;
	uint8_t *bytes;
	TRY(cut_padding(&pixels, &r->sample.pixels, &r->sample, &r->arena));
	image->suffix = jpeg_quality > 0 ? "jpg" : "png";
	if (jpeg_quality > 0)
		TRY(jpeg_encode(&bytes, &image->size, &pixels, jpeg_quality, &r->arena));
	else
		TRY(png_encode(&bytes, &image->size, &pixels, &r->arena));
	image->bytes = bytes;
	return 0;
}

static const char *make_name(const struct sample_image *image, struct dataset_record *r)
{
	const struct sample *s = &r->sample;
	if (s->file_name[0] != '\0' && s->pixels.data == NULL)
		return s->file_name;
	if (s->file_name[0] == '\0')
		return s->id.text != NULL ? arena_format(&r->arena, "%s.%s", s->id.text, image->suffix) :
			arena_format(&r->arena, "%lld.%s", (long long)s->id.number, image->suffix);
	const char *stem = image_name_is(s->file_name) ? image_name_stem(s->file_name, &r->arena) : s->file_name;
	return stem != NULL ? arena_format(&r->arena, "%s.%s", stem, image->suffix) : NULL;
}

int sample_image_make(struct sample_image *image, struct dataset_record *r, int jpeg_quality)
{
	const struct sample *s = &r->sample;
	*image = (struct sample_image){ .bytes = s->encoded, .size = s->encoded_size };
	if (s->encoded != NULL)
		image->suffix = s->encoded_size > 0 && s->encoded[0] == 0x89 ? "png" : "jpg";
	else if (s->pixels.data != NULL && s->pixels.dim[0] > 0 && s->pixels.dim[1] > 0)
		TRY(encode_pixels(image, r, jpeg_quality));
	else
		r->reject = REJECT_NO_PIXELS;
	if (r->reject != NULL)
		return 0;
	image->name = make_name(image, r);
	if (image->name == NULL)
		return -1;
	if (!path_stays_inside(image->name))
		r->reject = REJECT_NAME_ESCAPE;
	else if (!is_utf8(image->name))
		r->reject = REJECT_NAME_UTF8;
	return 0;
}

int sample_labels_make(uint8_t **bytes, size_t *size, struct dataset_record *r)
{
	struct tensor labels;
	*bytes = NULL;
	if (r->sample.semantic.data == NULL || r->sample.semantic.dim[0] == 0 || r->sample.semantic.dim[1] == 0)
		return 0;
	TRY(cut_padding(&labels, &r->sample.semantic, &r->sample, &r->arena));
	return png_encode(bytes, size, &labels, &r->arena);
}
