#include "train/inference.h"

#include "detect/nms.h"
#include "image/image_size.h"
#include "op/global_pool.h"
#include "train/image_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of "key=value" in a text of such words, into value; false when it is not there. */
static bool find_word(const char *text, const char *key, char value[64])
{
	size_t size = strlen(key);
	for (const char *at = text; *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
		if (strncmp(at, key, size) == 0 && at[size] == '=') {
			snprintf(value, 64, "%.*s", (int)strcspn(at + size + 1, " "), at + size + 1);
			return true;
		}
	return false;
}

/* How the images of the training are shown without anything random. */
static const struct augment_scheme *evaluation_scheme(const char *preprocess)
{
	char name[64];
	const struct augment_scheme *scheme = NULL;
	/* "policy" is what older models say. */
	if (find_word(preprocess, "scheme", name) || find_word(preprocess, "policy", name))
		scheme = augment_scheme_find(name);
	return augment_scheme_find(scheme != NULL && scheme->evaluation != NULL ? scheme->evaluation : "eval");
}

static int plan_preprocess(struct inference *inf)
{
	char size[64], max_size[64];
	bool square;
	struct augment_param *p = &inf->preprocess;
	const struct checkpoint *c = &inf->checkpoint;
	*p = (struct augment_param){
		.scheme = evaluation_scheme(c->preprocess), .w = inf->options.w, .h = inf->options.h, .jitter_low = 1, .jitter_high = 1,
	};
	inf->can_preprocess = p->w > 0;
	if (inf->can_preprocess || !find_word(c->preprocess, "size", size))
		return 0;
	inf->can_preprocess = true;
	if (image_size_parse(size, &p->w, &p->h, &square) != 0)
		return err_context("'preprocess' of '%s'", c->file.path);
	int64_t longest = 0;
	if (find_word(c->preprocess, "max-size", max_size))
		TRY(checkpoint_parse_number(&longest, c, "max-size of preprocess", max_size, 0, AUGMENT_MAX_SIDE));
	p->max_size = (int)longest;
	return 0;
}

static int begin_batch(struct inference *inf)
{
	const struct inference_options *o = &inf->options;
	inf->images = 0;
	return batch_begin(&inf->batch, o->dtype, inf->model.head->stride, o->flip ? 2 * o->batch : o->batch);
}

static int open_model(struct inference *inf, const char *path)
{
	const struct inference_options *o = &inf->options;
	TRY(checkpoint_open(&inf->checkpoint, path));
	TRY(plan_preprocess(inf));
	TRY(checkpoint_create_model(&inf->model, &inf->checkpoint, o->dtype, o->backend));
	TRY(inf->model.head->fold_norms(&inf->model));
	return begin_batch(inf);
}

int inference_open(struct inference *inf, const char *path, const struct inference_options *options)
{
	*inf = (struct inference){ .options = *options };
	tape_init(&inf->tape);
	batch_init(&inf->batch);
	arena_init(&inf->sample_arena, 8 << 20);
	arena_init(&inf->result_arena, 1 << 20);
	if (open_model(inf, path) == 0)
		return 0;
	inference_close(inf);
	return -1;
}

static int64_t padded(int64_t side, int stride)
{
	return (side + stride - 1) / stride * stride;
}

static bool fits_batch(const struct inference *inf, const struct sample *s)
{
	const struct batch *b = &inf->batch;
	return inf->images == 0 || (b->n < b->capacity && padded(b->h, b->stride) == padded(s->pixels.dim[0], b->stride) &&
				    padded(b->w, b->stride) == padded(s->pixels.dim[1], b->stride));
}

int inference_see(struct inference *inf, struct sample *seen, const struct sample *s)
{
	struct augment_loss loss = { 0 };
	char id[128];
	arena_reset(&inf->sample_arena);
	if (s->encoded != NULL && !inf->can_preprocess)
		return err_set("'%s' does not say the size of its training images; give --size, or samples that went "
			       "through augment --eval", inf->checkpoint.file.path);
	if (s->encoded == NULL)
		*seen = *s;
	else if (augment_sample(seen, s, &inf->preprocess, &loss, &inf->sample_arena) != 0)
		return err_context("image %s %s", sample_id_text(&s->id, id), s->file_name);
	return 0;
}

/* The mirror image of what is valid, its transform and all. */
static int mirror(struct sample *out, const struct sample *s, struct arena *a)
{
	const uint8_t *from = s->pixels.data;
	int64_t h = s->pixels.dim[0], w = s->pixels.dim[1], valid = s->valid_w > 0 && s->valid_w < w ? s->valid_w : w;
	*out = *s;
	uint8_t *to = arena_alloc(a, tensor_bytes(&s->pixels));
	if (to == NULL)
		return -1;
	memcpy(to, from, tensor_bytes(&s->pixels));
	for (int64_t y = 0; y < h; y++)
		for (int64_t x = 0; x < valid; x++)
			memcpy(to + (y * w + x) * 3, from + (y * w + valid - 1 - x) * 3, 3);
	out->pixels.data = to;
	for (int i = 0; i < 3; i++)
		out->transform[i] = (i == 2 ? (double)valid : 0) - s->transform[i];
	return 0;
}

int inference_put(struct inference *inf, const struct sample *seen)
{
	struct sample mirrored;
	if (seen->pixels.data != NULL && !fits_batch(inf, seen))
		TRY(inference_flush(inf));
	TRY(batch_add(&inf->batch, seen));
	inf->images++;
	if (!inf->options.flip)
		return 0;
	TRY(mirror(&mirrored, seen, &inf->sample_arena));
	return batch_add(&inf->batch, &mirrored);
}

int inference_add(struct inference *inf, const struct sample *s)
{
	struct sample seen;
	TRY(inference_see(inf, &seen, s));
	return inference_put(inf, &seen);
}

void inference_box_to_original(float box[4], const struct sample *s)
{
	const double *m = s->transform;
	double det = m[0] * m[4] - m[1] * m[3], low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
	for (int corner = 0; corner < 4; corner++) {
		double x = box[corner & 1 ? 2 : 0] - m[2], y = box[corner & 2 ? 3 : 1] - m[5];
		double original[2] = { (m[4] * x - m[1] * y) / det, (m[0] * y - m[3] * x) / det };
		for (int i = 0; i < 2; i++) {
			low[i] = fmin(low[i], original[i]);
			high[i] = fmax(high[i], original[i]);
		}
	}
	double size[2] = { s->orig_w > 0 ? s->orig_w : INFINITY, s->orig_h > 0 ? s->orig_h : INFINITY };
	for (int i = 0; i < 2; i++) {
		box[i] = (float)fmin(fmax(low[i], 0), size[i]);
		box[i + 2] = (float)fmin(fmax(high[i], 0), size[i]);
	}
}

/* Boxes of an image's detection in original pixels. */
static int to_original(struct detection *d, const struct sample *s, struct arena *a)
{
	float *boxes = arena_alloc(a, (size_t)d->n * 4 * sizeof *boxes);
	if (boxes == NULL)
		return -1;
	if (d->n > 0)
		memcpy(boxes, d->boxes, (size_t)d->n * 4 * sizeof *boxes);
	for (int64_t k = 0; k < d->n; k++)
		inference_box_to_original(boxes + 4 * k, s);
	d->boxes = boxes;
	return 0;
}

/* What was found in an image and in its mirror image, both in original pixels, scores descending; of equals the image's come first. */
static int merge(struct detection *d, const struct detection *other, const struct detect_limits *limits, struct arena *a)
{
	int64_t n = d->n + other->n, i = 0, k = 0;
	float *boxes = arena_alloc(a, (size_t)n * 4 * sizeof *boxes), *scores = arena_alloc(a, (size_t)n * sizeof *scores);
	int32_t *labels = arena_alloc(a, (size_t)n * sizeof *labels);
	int64_t *keep = arena_alloc(a, (size_t)n * sizeof *keep);
	if (boxes == NULL || scores == NULL || labels == NULL || keep == NULL)
		return -1;
	while (i + k < n) {
		const struct detection *from = k == other->n || (i < d->n && d->scores[i] >= other->scores[k]) ? d : other;
		int64_t at = from == d ? i : k, to = i + k;
		memcpy(boxes + 4 * to, from->boxes + 4 * at, 4 * sizeof *boxes);
		scores[to] = from->scores[at];
		labels[to] = from->labels[at];
		*(from == d ? &i : &k) += 1;
	}
	d->n = nms(keep, boxes, labels, n, limits->nms_iou, n < limits->max_detections ? n : limits->max_detections);
	for (i = 0; i < d->n; i++) {
		memmove(boxes + 4 * i, boxes + 4 * keep[i], 4 * sizeof *boxes);
		scores[i] = scores[keep[i]];
		labels[i] = labels[keep[i]];
	}
	d->boxes = boxes;
	d->scores = scores;
	d->labels = labels;
	for (i = 0; d->class_scores.data != NULL && i < d->class_scores.dim[0]; i++) {
		float *p = (float *)d->class_scores.data + i;
		*p = (*p + ((const float *)other->class_scores.data)[i]) / 2;
	}
	return 0;
}

static int report(struct inference *inf, struct detection *found)
{
	int step = inf->options.flip ? 2 : 1;
	for (int i = 0; i < inf->batch.n; i++)
		TRY(to_original(&found[i], &inf->batch.samples[i], &inf->result_arena));
	for (int i = 0; i < inf->batch.n; i += step) {
		const struct sample *s = &inf->batch.samples[i];
		struct detection *d = &found[i];
		if (inf->options.flip)
			TRY(merge(d, &found[i + 1], &inf->options.limits, &inf->result_arena));
		d->id = s->id;
		d->seq = s->seq;
		d->source = s->source;
		d->file_name = s->file_name;
		d->orig_w = s->orig_w;
		d->orig_h = s->orig_h;
		TRY(inf->found(inf->context, s, d));
	}
	return 0;
}

static int run_detect(struct inference *inf)
{
	struct batch *b = &inf->batch;
	struct detection *found = arena_calloc(&inf->result_arena, (size_t)b->n, sizeof *found);
	if (found == NULL)
		return -1;
	TRY(inf->model.head->detect(&inf->model, &inf->tape, b, &inf->options.limits, found, &inf->result_arena));
	return report(inf, found);
}

static int run_features(struct inference *inf)
{
	struct batch *b = &inf->batch;
	struct var *map, *mean;
	TRY(inf->model.head->features(&inf->model, &inf->tape, b, inf->options.features, &map));
	TRY(tape_apply(&inf->tape, &op_global_pool, NULL, 0, NULL, 1, (struct tape_in[]){ { .var = map } }, &mean));
	int64_t d = mean->value.dim[3];
	for (int i = 0; i < b->n; i++) {
		struct tensor features;
		TRY(tensor_new(&features, &inf->result_arena, DTYPE_F32, 1, &d));
		for (int64_t k = 0; k < d; k++)
			((float *)features.data)[k] = map_load(mean->value.data, i * d + k, mean->value.dtype == DTYPE_BF16);
		TRY(inf->featured(inf->context, &b->samples[i], &features));
	}
	return 0;
}

int inference_flush(struct inference *inf)
{
	struct batch *b = &inf->batch;
	if (b->n == 0)
		return 0;
	TRY(batch_finish(b));
	arena_reset(&inf->result_arena);
	tape_begin(&inf->tape, false, inf->model.params.version);
	TRY(inf->options.features != NULL ? run_features(inf) : run_detect(inf));
	return begin_batch(inf);
}

static int run_samples(struct inference *inf, struct stream_reader *r, struct arena *a)
{
	struct sample s;
	int got;
	while ((got = sample_read(&s, r, a)) == 1) {
		TRY(inference_add(inf, &s));
		arena_reset(a);
	}
	return got == 0 ? inference_flush(inf) : -1;
}

int inference_run_stream(struct inference *inf, struct stream_reader *r)
{
	struct arena a;
	arena_init(&a, 1 << 20);
	int status = run_samples(inf, r, &a);
	arena_release(&a);
	return status;
}

int inference_run_files(struct inference *inf, char *const *paths, int n)
{
	struct sample s;
	struct arena a;
	int status = 0;
	arena_init(&a, 1 << 20);
	for (int i = 0; i < n && status == 0; i++) {
		status = image_file_read(&s, paths[i], i + 1, &a);
		if (status == 0)
			status = inference_add(inf, &s);
		arena_reset(&a);
	}
	arena_release(&a);
	return status == 0 ? inference_flush(inf) : -1;
}

void inference_close(struct inference *inf)
{
	model_release(&inf->model);
	tape_release(&inf->tape);
	batch_release(&inf->batch);
	arena_release(&inf->sample_arena);
	arena_release(&inf->result_arena);
	checkpoint_close(&inf->checkpoint);
}
