/*
 * matching: which object each anchor has to find.
 *
 * Objects are what the data set annotates in an image; an anchor is matched to the
 * object it overlaps most (first of equals), to the background, or to nothing.
 *
 *     struct detect_targets t;
 *     TRY(detect_targets_match(&t, &anchors, objects, n_images, &param, &step_arena));
 *     t.match[image * t.n_anchors + i]     // an object's index, or MATCH_...
 */
#ifndef DETECT_MATCHING_H
#define DETECT_MATCHING_H

#include "base/arena.h"
#include "base/error.h"
#include "detect/anchors.h"

#include <stdbool.h>
#include <stdint.h>

/* The objects of one image; the arrays are the caller's (those of a sample fit) and outlive the targets. */
struct detect_objects {
	int64_t n;
	const float *boxes;	/* [n 4] x0 y0 x1 y1, pixels of the batch */
	const int32_t *labels;	/* [n] 0-based */
	const uint8_t *iscrowd;	/* [n] or NULL: none */
	const uint8_t *ignore;	/* [n] or NULL: none */
	const float *weight;	/* [n] or NULL: all 1 */
};

/*
 * What to do for an object that no anchor overlaps enough.
 * MATCH_BEST: every anchor that has the object's highest IoU (there may be several) is matched to the object
 *   it itself overlaps most; torchvision's allow_low_quality_matches.
 * MATCH_FORCE: the first anchor with the highest IoU is matched to this object; when several
 *   objects claim it, to the first of them. The TPU detection code's.
 */
enum match_rescue { MATCH_BEST, MATCH_FORCE };

struct match_param {
	float foreground;	/* IoU from which on an anchor is matched */
	float background;	/* IoU below which it is background; between the two it is ignored */
	enum match_rescue rescue;
	/*
	 * Crowds and objects to ignore are never matched. With skip_covered, an anchor that would be background but
	 * has at least half of its area in one of them is ignored.
	 */
	bool skip_covered;
};

enum { MATCH_BACKGROUND = -1, MATCH_IGNORED = -2 };

struct detect_targets {
	int n_images;
	int64_t n_anchors;
	int32_t *match;	/* [n_images n_anchors] */
	int64_t *n_foreground;	/* [n_images] matched anchors */
	const struct detect_objects *objects;	/* [n_images], the caller's */
};

/*
 * Match the anchors to the objects of every image. Images run in parallel; the result does not depend on threads
 * nor on the instruction level. An object that overlaps no anchor at all (a box without area) is matched to none.
 * t and the scratch live in the arena.
 * Error: memory; an image with too many objects.
 * Source: Lin et al., Focal Loss for Dense Object Detection, section 4 (anchors).
 */
int detect_targets_match(struct detect_targets *t, const struct anchors *anchors, const struct detect_objects *objects,
			 int n_images, const struct match_param *p, struct arena *arena) MUST_CHECK;

#endif
