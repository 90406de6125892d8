/*
 * augment: from a sample with an encoded image to one with pixels of the size that is trained on.
 *
 * A policy is a list of operations. Each operation changes the plan - which part of the image, mirrored
 * or not, at which scale, on which canvas - and the plan is carried out at the end in one pass: only
 * what will be seen is decoded and resized, once.
 *
 *     upright image -> mirrored? -> scaled_w x scaled_h -> window x, y, valid_w, valid_h
 *                   -> top left of a canvas out_w x out_h, the rest 0
 *
 * Randomness depends on (seed, epoch, source, id, occurrence, view, slot of the operation in its policy)
 * alone, so neither threads nor the order of records matter.
 *
 *     struct augment_param param = { .policy = augment_policy_find("1"), .w = 640, .h = 640,
 *                                    .jitter_low = 0.8, .jitter_high = 1.2, .seed = 7 };
 *     struct augment_loss loss = { 0 };
 *     TRY(augment_sample(&out, &in, &param, &loss, arena));
 */
#ifndef AUGMENT_AUGMENT_H
#define AUGMENT_AUGMENT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/rng.h"
#include "record/sample.h"

#include <stdbool.h>
#include <stdint.h>

enum { AUGMENT_MAX_OPS = 8, AUGMENT_MAX_SIDE = 16384 };

struct augment_param {
	const struct augment_policy *policy;
	int w, h;	/* pixels of the canvas; h is not used when max_size is set */
	int max_size;	/* 0: canvas; otherwise w is the short side and this the longest that the other may get */
	double jitter_low, jitter_high;	/* factors on the canvas size */
	uint64_t seed;
};

/* How the output is cut out of the upright image; lengths in pixels. */
struct augment_plan {
	int source_w, source_h;	/* the upright image */
	bool mirror;	/* left to right, before everything else */
	int scaled_w, scaled_h;	/* the whole image after scaling */
	int x, y;	/* corner of the window in the scaled image */
	int valid_w, valid_h;	/* size of the window */
	int out_w, out_h;	/* size of the canvas */
};

/* One operation: one file. It draws all its random numbers from g. */
struct augment_op {
	const char *name;
	void (*plan)(struct augment_plan *plan, const struct augment_param *param, struct rng *g);
};

extern const struct augment_op augment_flip;
extern const struct augment_op augment_fit;
extern const struct augment_op augment_jitter;
extern const struct augment_op augment_centre;
extern const struct augment_op augment_crop;

struct augment_policy {
	const char *name;	/* what follows -s, or "eval" */
	bool canvas_only;	/* cannot be used with max_size */
	const char *evaluation;	/* the policy that shows what this one trains on, without chance; NULL: "eval" */
	const struct augment_op *op[AUGMENT_MAX_OPS];	/* in order, then NULL; the slot is part of the random key */
};

/* All policies, NULL-terminated; each is defined in one file and found by the build by its symbol augment_policy_*. */
extern const struct augment_policy *const augment_policies[];

/* The policy of that name, or NULL. */
const struct augment_policy *augment_policy_find(const char *name);

/* What did not survive. Objects are lost whole; masks and keypoints are lost from objects that stay. */
struct augment_loss {
	int64_t outside;	/* objects whose box lies outside of the window */
	int64_t empty;	/* objects whose box had no area to begin with */
	int64_t rle_masks;	/* run-length masks: they cannot be scaled or cut exactly */
	int64_t keypoints;	/* objects with keypoints that have no known mirror image */
};

/* The plan for an upright image of w x h pixels. Error: a size out of range. */
int augment_plan(struct augment_plan *plan, const struct augment_param *param, const struct sample *sample, int w,
		 int h) MUST_CHECK;

/*
 * Carry a policy out on one sample.
 *   out->pixels u8 [out_h out_w 3]; boxes, polygons and keypoints moved with the pixels; boxes cut to the
 *   valid area, and objects removed whose box becomes empty; transform, valid_w and valid_h brought up to
 *   date; area, orig_w and orig_h stay as annotated. out shares memory with in where nothing changed.
 * Error: damaged image; image size that the annotations contradict.
 * loss is added to.
 */
int augment_sample(struct sample *out, const struct sample *in, const struct augment_param *param,
		   struct augment_loss *loss, struct arena *a) MUST_CHECK;

/* The objects of `in` moved by m and cut to the valid area of out, into out. Error: memory. */
int augment_objects(struct sample *out, const struct sample *in, const double m[6], bool mirror,
		    struct augment_loss *loss, struct arena *a) MUST_CHECK;

/* The label map of `in` moved by m: nearest label, 255 in the padding. Error: memory. */
int augment_semantic(struct sample *out, const struct sample *in, const double m[6], struct arena *a) MUST_CHECK;

/* side * factor rounded to whole pixels, halves up, at least 1. */
int augment_round(double pixels);

#endif
