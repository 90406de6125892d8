#include "train/inference.h"

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
static const struct augment_policy *evaluation_policy(const char *preprocess)
{
	char name[64];
	const struct augment_policy *policy = NULL;
	/* "policy" is what older models say. */
	if (find_word(preprocess, "scheme", name) || find_word(preprocess, "policy", name))
		policy = augment_policy_find(name);
	return augment_policy_find(policy != NULL && policy->evaluation != NULL ? policy->evaluation : "eval");
}

static int plan_preprocess(struct inference *inf)
{
	char size[64], max_size[64];
	bool square;
	struct augment_param *p = &inf->preprocess;
	const struct checkpoint *c = &inf->checkpoint;
	*p = (struct augment_param){
		.policy = evaluation_policy(c->preprocess), .w = inf->options.w, .h = inf->options.h, .jitter_low = 1, .jitter_high = 1,
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

static int open_model(struct inference *inf, const char *path)
{
	const struct inference_options *o = &inf->options;
	TRY(checkpoint_open(&inf->checkpoint, path));
	TRY(plan_preprocess(inf));
	TRY(checkpoint_create_model(&inf->model, &inf->checkpoint, o->dtype, o->backend));
	TRY(inf->model.head->fold_norms(&inf->model));
	return batch_begin(&inf->batch, o->dtype, inf->model.head->stride, o->batch);
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
	return b->n == 0 || (b->n < b->capacity && padded(b->h, b->stride) == padded(s->pixels.dim[0], b->stride) &&
			     padded(b->w, b->stride) == padded(s->pixels.dim[1], b->stride));
}

int inference_add(struct inference *inf, const struct sample *s)
{
	struct sample seen;
	struct augment_loss loss = { 0 };
	char id[128];
	arena_reset(&inf->sample_arena);
	if (s->encoded != NULL && !inf->can_preprocess)
		return err_set("'%s' does not say the size of its training images; give --size, or samples that went "
			       "through augment --eval", inf->checkpoint.file.path);
	if (s->encoded == NULL)
		seen = *s;
	else if (augment_sample(&seen, s, &inf->preprocess, &loss, &inf->sample_arena) != 0)
		return err_context("image %s %s", sample_id_text(&s->id, id), s->file_name);
	if (seen.pixels.data != NULL && !fits_batch(inf, &seen))
		TRY(inference_flush(inf));
	return batch_add(&inf->batch, &seen);
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

static int report(struct inference *inf, struct detection *found)
{
	for (int i = 0; i < inf->batch.n; i++) {
		const struct sample *s = &inf->batch.samples[i];
		struct detection *d = &found[i];
		float *boxes = arena_alloc(&inf->result_arena, (size_t)d->n * 4 * sizeof *boxes);
		if (boxes == NULL)
			return -1;
		if (d->n > 0)
			memcpy(boxes, d->boxes, (size_t)d->n * 4 * sizeof *boxes);
		for (int64_t k = 0; k < d->n; k++)
			inference_box_to_original(boxes + 4 * k, s);
		d->boxes = boxes;
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
	return batch_begin(b, inf->options.dtype, inf->model.head->stride, inf->options.batch);
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
