/*
 * batch: samples made into one normalised tensor and its targets.
 *
 * Pixels become (x/255 - mean)/std with ImageNet's statistics. Each image sits at the top left;
 * what is outside its valid size is zero after normalising. The batch's size is that of
 * the largest image (its own padding included), rounded up to a multiple of `stride`.
 *
 *     batch_begin(&b, DTYPE_F32, 32);
 *     TRY(batch_add(&b, &sample));     // copies boxes, keeps a view of the pixels
 *     TRY(batch_finish(&b));           // b.images is ready
 *
 * All memory is the batch's own arena and is reused by the next batch_begin().
 */
#ifndef MODEL_BATCH_H
#define MODEL_BATCH_H

#include "base/arena.h"
#include "record/sample.h"
#include "tensor/tensor.h"

enum { BATCH_MAX = 4096, BATCH_MAX_SOURCES = 8 };

/* RGB statistics of ImageNet, as torchvision normalises. */
extern const float batch_mean[3], batch_std[3];

/*
 * A step whose images come from several sources (sample.input): each has a loss of its own, the mean over its images, and the
 * step's loss is their weighted sum.
 */
struct batch_sources {
	int n;
	double weight[BATCH_MAX_SOURCES];
};

struct batch {
	struct arena arena;
	enum dtype dtype;
	int stride;
	int n, capacity;
	int64_t h, w;	/* of images */
	struct tensor images;	/* [n h w 3] */
	struct sample *samples;	/* [n]; pointers live in the arena */
	const struct batch_sources *sources;	/* the trainer's; NULL: all images count alike */
	const struct batch *step;	/* of a part: the batch it was cut from; else NULL */
};

void batch_init(struct batch *b);
void batch_release(struct batch *b);

/* Forget the last batch. capacity: images at most. */
int batch_begin(struct batch *b, enum dtype dtype, int stride, int capacity) MUST_CHECK;

/* Error: a sample without decoded pixels; no room. The sample's memory may go afterwards. */
int batch_add(struct batch *b, const struct sample *s) MUST_CHECK;

int batch_finish(struct batch *b) MUST_CHECK;

/* Images [first, first + n) of a finished batch, at its size; a view, with nothing to release. */
struct batch batch_part(const struct batch *b, int first, int n);

/* Images of each of the sources. */
void batch_count_sources(const struct batch *b, int64_t count[BATCH_MAX_SOURCES]);

/* The batch whose loss is the step's: b, or what b was cut from. */
const struct batch *batch_step(const struct batch *b);

#endif
