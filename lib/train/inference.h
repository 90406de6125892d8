/*
 * inference: samples in, detections in original pixels out.
 *
 * A sample with an encoded image gets the checkpoint's own preprocessing (the size its training images had,
 * without anything random); pixels are taken as they are. Images are run together only when their padded sizes are
 * equal, so what is found in an image depends on its neighbours by rounding only: all backends of the
 * convolution choose kernels, and so the order of sums, by the pixels of the whole batch.
 *
 *     struct inference inf;
 *     TRY(inference_open(&inf, "m.safetensors", &options));
 *     inf.found = callback;                   // sees every image, in order
 *     int status = inference_run_stream(&inf, &reader);
 *     inference_close(&inf);
 */
#ifndef TRAIN_INFERENCE_H
#define TRAIN_INFERENCE_H

#include "augment/augment.h"
#include "model/model.h"
#include "record/detection.h"
#include "train/checkpoint.h"

struct inference_options {
	enum dtype dtype;
	enum conv_backend backend;
	struct detect_limits limits;
	int batch;	/* images at most */
	const char *features;	/* the layer whose mean over the pixels is told instead of what is found; NULL: none */
	int w, h;	/* canvas of encoded images instead of the checkpoint's; 0: the checkpoint's */
	bool flip;	/* every image is also seen mirrored: boxes of both go through NMS together, class scores are averaged */
};

struct inference {
	struct inference_options options;
	struct checkpoint checkpoint;
	struct model model;
	struct tape tape;
	struct augment_param preprocess;
	bool can_preprocess;	/* false: the checkpoint says no size, so only pixels can be used */
	struct batch batch;
	struct arena sample_arena, result_arena;
	int images;	/* waiting in the batch; with flip there are twice as many in it */
	/*
	 * Told of every image: the sample as it was run (pixels as the model saw them) and what was found,
	 * boxes in original pixels; both live during the call. 0 or -1.
	 */
	int (*found)(void *context, const struct sample *s, const struct detection *d);
	int (*featured)(void *context, const struct sample *s, const struct tensor *features);	/* f32 [d]; with options.features */
	void *context;
};

/* Error: no model of ours; metadata that make no sense; bf16 on a processor without it. */
int inference_open(struct inference *inf, const char *path, const struct inference_options *options) MUST_CHECK;

/* All samples of a stream, or all image files (numbered from 1), to the last one found. */
int inference_run_stream(struct inference *inf, struct stream_reader *r) MUST_CHECK;
int inference_run_files(struct inference *inf, char *const *paths, int n) MUST_CHECK;

/* Error: a damaged image; an encoded image without a size to bring it to. */
int inference_add(struct inference *inf, const struct sample *s) MUST_CHECK;

/* The two halves of it, for who goes on after a damaged image: pixels as the model sees them, until the next call; running them. */
int inference_see(struct inference *inf, struct sample *seen, const struct sample *s) MUST_CHECK;
int inference_put(struct inference *inf, const struct sample *seen) MUST_CHECK;

/* Run what is waiting. */
int inference_flush(struct inference *inf) MUST_CHECK;

void inference_close(struct inference *inf);

/*
 * Box f32 [4] from an image's pixels back to the original's, by the inverse of the sample's transform, cut to
 * orig_w x orig_h when those are known.
 */
void inference_box_to_original(float box[4], const struct sample *s);

#endif
