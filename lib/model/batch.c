#include "model/batch.h"

#include "base/isa.h"

#include <string.h>

const float batch_mean[3] = { 0.485f, 0.456f, 0.406f };
const float batch_std[3] = { 0.229f, 0.224f, 0.225f };

ISA_DECLARE(void, normalise_row, (void *to, const uint8_t *from, long n, const float *scale, const float *shift, int is_bf16))

void batch_init(struct batch *b)
{
	*b = (struct batch){ 0 };
	arena_init(&b->arena, 16 << 20);
}

void batch_release(struct batch *b)
{
	arena_release(&b->arena);
}

int batch_begin(struct batch *b, enum dtype dtype, int stride, int capacity)
{
	arena_reset(&b->arena);
	b->dtype = dtype;
	b->stride = stride;
	b->capacity = capacity;
	b->n = 0;
	b->h = b->w = 0;
	b->sources = NULL;
	b->samples = arena_calloc(&b->arena, (size_t)capacity, sizeof *b->samples);
	return b->samples == NULL ? -1 : 0;
}

/* *to becomes a copy of size bytes in the batch's arena; NULL stays NULL. */
static int keep(struct batch *b, const void *from, size_t size, const void **to)
{
	*to = NULL;
	if (from == NULL)
		return 0;
	void *copy = arena_alloc(&b->arena, size);
	if (copy == NULL)
		return -1;
	memcpy(copy, from, size);
	*to = copy;
	return 0;
}

#define KEEP(b, field, size) TRY(keep(b, field, size, (const void **)&(field)))

int batch_add(struct batch *b, const struct sample *s)
{
	char id[128];
	if (s->pixels.data == NULL)
		return err_set("image %s has no decoded pixels; send the samples through augment first",
			       sample_id_text(&s->id, id));
	if (b->n == b->capacity)
		return err_set("a batch of %d images is full", b->capacity);
	struct sample *copy = &b->samples[b->n];
	*copy = *s;
	size_t n = (size_t)s->n;
	const void *pixels = s->pixels.data;
	KEEP(b, pixels, tensor_bytes(&s->pixels));
	KEEP(b, copy->boxes, n * 4 * sizeof *s->boxes);
	KEEP(b, copy->labels, n * sizeof *s->labels);
	KEEP(b, copy->iscrowd, n);
	KEEP(b, copy->ignore, n);
	KEEP(b, copy->weight, n * sizeof *s->weight);
	const void *class_scores = s->class_scores.data;
	KEEP(b, class_scores, class_scores == NULL ? 0 : tensor_bytes(&s->class_scores));
	copy->class_scores.data = (void *)(uintptr_t)class_scores;
	KEEP(b, copy->id.text, s->id.text == NULL ? 0 : strlen(s->id.text) + 1);
	KEEP(b, copy->source, strlen(s->source) + 1);
	KEEP(b, copy->file_name, s->file_name == NULL ? 0 : strlen(s->file_name) + 1);
	copy->pixels.data = (void *)pixels;
	/* What no model reads is not carried on. */
	copy->encoded = NULL;
	copy->masks = NULL;
	copy->extra = NULL;
	copy->members = "";
	copy->object_members = NULL;
	copy->object_id = NULL;
	copy->area = NULL;
	copy->score = NULL;
	copy->keypoints.data = copy->points.data = NULL;
	copy->semantic.data = NULL;
	if (copy->valid_w <= 0 || copy->valid_w > s->pixels.dim[1])
		copy->valid_w = (int32_t)s->pixels.dim[1];
	if (copy->valid_h <= 0 || copy->valid_h > s->pixels.dim[0])
		copy->valid_h = (int32_t)s->pixels.dim[0];
	b->h = b->h > s->pixels.dim[0] ? b->h : s->pixels.dim[0];
	b->w = b->w > s->pixels.dim[1] ? b->w : s->pixels.dim[1];
	b->n++;
	return 0;
}

static void normalise(const struct batch *b, int i, const float *scale, const float *shift)
{
	const struct sample *s = &b->samples[i];
	size_t element = dtype_size((int)b->dtype);
	size_t row = (size_t)b->w * 3 * element, valid = (size_t)s->valid_w * 3 * element;
	char *to = (char *)b->images.data + (size_t)i * (size_t)b->h * row;
	const uint8_t *from = s->pixels.data;
	for (int64_t y = 0; y < b->h; y++, to += row) {
		if (y >= s->valid_h) {
			memset(to, 0, row);
			continue;
		}
		ISA_PICK(normalise_row)(to, from + y * s->pixels.dim[1] * 3, s->valid_w, scale, shift,
					b->dtype == DTYPE_BF16);
		memset(to + valid, 0, row - valid);
	}
}

int batch_finish(struct batch *b)
{
	b->h = (b->h + b->stride - 1) / b->stride * b->stride;
	b->w = (b->w + b->stride - 1) / b->stride * b->stride;
	TRY(tensor_new(&b->images, &b->arena, b->dtype, 4, (int64_t[]){ b->n, b->h, b->w, 3 }));
	float scale[3], shift[3];
	for (int c = 0; c < 3; c++) {
		scale[c] = 1 / (255 * batch_std[c]);
		shift[c] = -batch_mean[c] / batch_std[c];
	}
	for (int i = 0; i < b->n; i++)
		normalise(b, i, scale, shift);
	return 0;
}

struct batch batch_part(const struct batch *b, int first, int n)
{
	struct batch part = { .dtype = b->dtype, .stride = b->stride, .n = n, .capacity = n, .h = b->h, .w = b->w,
			      .images = b->images, .samples = b->samples + first, .sources = b->sources, .step = b };
	part.images.dim[0] = n;
	part.images.data = (char *)b->images.data + (size_t)first * (tensor_bytes(&b->images) / (size_t)b->n);
	return part;
}

void batch_count_sources(const struct batch *b, int64_t count[BATCH_MAX_SOURCES])
{
	for (int i = 0; i < BATCH_MAX_SOURCES; i++)
		count[i] = 0;
	for (int i = 0; i < b->n; i++)
		count[b->samples[i].input]++;
}

const struct batch *batch_step(const struct batch *b)
{
	return b->step != NULL ? b->step : b;
}
