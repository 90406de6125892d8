/*
 * augment: from a sample with an encoded image to one with pixels of the size that is trained on.
 *
 * A policy is a list of stages, and rules by which operations are drawn for each image. Both only write a plan:
 * steps on the image, mirrored or not, at which scale, which part of it, on which canvas. The plan is carried
 * out at the end: all that moves pixels is one matrix, and only what will be seen is decoded and resampled, once.
 *
 *     upright image -> steps -> mirrored? -> scaled_w x scaled_h -> window x, y, valid_w, valid_h
 *                   -> late steps -> top left of a canvas out_w x out_h, the rest 0
 *
 * What is right about the order of the steps (fused.c):
 *   - Operations on colours are done before the resampling, in their order, on the source's pixels. Moving pixels
 *     does not change their colours, so this is the same as doing them where they stand.
 *   - Where a geometric step moves nothing into its frame, and where a cutout lies, is painted last, in the steps'
 *     order, moved by the geometry and changed by the colours that come after it.
 *   - Operations inside of boxes need the pixels as they are then: the steps up to the last of these are done one
 *     by one on the whole image at its own size, and only the steps after it are fused.
 * Late steps (of classifiers) work on the window that was cut: colours are changed after the resampling.
 *
 * Randomness depends on (seed, epoch, source, id, occurrence, the sample's view, slot of the stage in its scheme)
 * alone, so neither threads nor the order of records matter.
 *
 *     struct augment_param param = { .scheme = augment_scheme_find("1"), .w = 640, .h = 640,
 *                                    .jitter_low = 0.8, .jitter_high = 1.2, .seed = 7 };
 *     struct augment_loss loss = { 0 };
 *     TRY(augment_sample(&out, &in, &param, &loss, arena));
 */
#ifndef AUGMENT_AUGMENT_H
#define AUGMENT_AUGMENT_H

#include "augment/corruption.h"
#include "augment/objects.h"
#include "augment/rules.h"
#include "augment/side_list.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/rng.h"
#include "record/sample.h"

#include <stdbool.h>
#include <stdint.h>

enum { AUGMENT_MAX_STAGES = 8, AUGMENT_MAX_SIDE = 16384, AUGMENT_MAX_VIEWS = 64 };

struct augment_replay;

struct augment_param {
	const struct augment_scheme *scheme;
	const struct augment_rules *rules;	/* NULL: no operations are drawn */
	int w, h;	/* pixels of the canvas; h is not used when max_size is set */
	int max_size;	/* 0: canvas; otherwise w is the short side and this the longest that the other may get */
	struct side_list sides;	/* with max_size: short sides to draw from instead of w; none: w */
	double jitter_low, jitter_high;	/* factors on the canvas size */
	double area_low, area_high;	/* of a random part, as fractions of the image */
	double strength, blur;	/* SimCLR: of colour distortion, 1 for ImageNet; probability */
	struct objects_param objects;
	struct corruptions corruptions;	/* see struct augment_plan */
	uint64_t seed;
	enum augment_quirks quirks;
	const struct augment_replay *replay;	/* NULL: plans are drawn; otherwise read (augment/explain.h) */
};

/* How the output is cut out of the upright image; lengths in pixels. */
struct augment_plan {
	int source_w, source_h;	/* the upright image */
	int n_steps;
	const struct augment_step *steps;	/* in the frame of the upright image, which keeps its size */
	bool late;	/* they come after the window, in its frame */
	bool mirror;	/* then left to right */
	int scaled_w, scaled_h;	/* the whole image after scaling */
	int x, y;	/* corner of the window in the scaled image */
	int valid_w, valid_h;	/* size of the window */
	int out_w, out_h;	/* size of the canvas */
	struct corruptions corruptions;	/* done last, to the window */
};

/* One stage: one file. It draws all its random numbers from g. */
struct augment_stage {
	const char *name;
	void (*plan)(struct augment_plan *plan, const struct augment_param *param, struct rng *g);
};

extern const struct augment_stage augment_flip;
extern const struct augment_stage augment_fit;
extern const struct augment_stage augment_jitter;
extern const struct augment_stage augment_centre;
extern const struct augment_stage augment_crop;

/* Where a policy's operations come from, unless param->rules says otherwise. */
enum augment_rules_kind { AUGMENT_RULES_NONE, AUGMENT_RULES_AUTO, AUGMENT_RULES_RANDOM };

struct augment_scheme {
	const char *name;	/* what follows -s, or "eval" */
	bool canvas_only;	/* cannot be used with max_size */
	const char *evaluation;	/* the scheme that shows what this one trains on, without chance; NULL: "eval" */
	bool random;	/* trains; operations can be drawn */
	bool late;	/* after the window was cut, as for classifiers */
	enum augment_rules_kind rules;
	double jitter[2];	/* its factors, low and high; 0 0: no jitter */
	double area[2];	/* of the part that it shows, low and high; 0 0: it does not show a random part */
	/* Draw its own steps, where there are no rules; NULL: it has none. Error: memory. */
	int (*draw)(const struct augment_step **steps, int *n_steps, const struct augment_param *param, struct rng *g,
		    struct arena *a);
	const struct augment_stage *stage[AUGMENT_MAX_STAGES];	/* in order, then NULL; the slot is part of the random key */
};

/* All policies, NULL-terminated; each is defined in one file and found by the build by its symbol augment_scheme_*. */
extern const struct augment_scheme *const augment_schemes[];

/* The scheme of that name, or NULL. */
const struct augment_scheme *augment_scheme_find(const char *name);

/* What all randomness about a sample begins with: (seed, epoch, source, id, occurrence, view). */
uint64_t augment_sample_key(const struct sample *s, uint64_t seed);

/* The plan for an upright image of w x h pixels; its steps live in a. Error: a size out of range; memory. */
int augment_plan(struct augment_plan *plan, const struct augment_param *param, const struct sample *sample, int w,
		 int h, struct arena *a) MUST_CHECK;

/* From the upright image to the canvas: all that the plan does to the place of a point. */
void augment_plan_affine(double m[6], const struct augment_plan *plan);

/* The same without the steps. */
void augment_window_affine(double m[6], const struct augment_plan *plan);

/*
 * Into *view what of the canvas shows the image, where steps that move the image make that less than the valid area; otherwise
 * NULL. Error: memory.
 */
int augment_view(const struct convex **view, const struct augment_plan *plan, struct arena *a) MUST_CHECK;

/*
 * Carry a scheme out on one sample.
 *   out->pixels u8 [out_h out_w 3]; boxes, masks, keypoints and the label map moved with the pixels, see
 *   augment/objects.h, which also says what coordinates mean; transform, valid_w and valid_h brought up to
 *   date; area, orig_w and orig_h stay as annotated. out shares memory with in where nothing changed.
 * Error: damaged image; image size that the annotations contradict.
 * loss is added to.
 */
int augment_sample(struct sample *out, const struct sample *in, const struct augment_param *param,
		   struct augment_loss *loss, struct arena *a) MUST_CHECK;

/* The same, and the plan that was followed; its steps live in a. */
int augment_sample_plan(struct sample *out, struct augment_plan *plan, const struct sample *in,
			const struct augment_param *param, struct augment_loss *loss, struct arena *a) MUST_CHECK;

/* side * factor rounded to whole pixels, halves up, at least 1. */
int augment_round(double pixels);

#endif
