/*
 * eval_label_maps: pairs of label maps, true and found, counted pixel by pixel.
 */
#ifndef EVAL_EVAL_LABEL_MAPS_H
#define EVAL_EVAL_LABEL_MAPS_H

#include "base/arena.h"
#include "base/error.h"
#include "stream/stream.h"

#include <stdint.h>

enum { EVAL_LABELS = 256, EVAL_LABEL_IGNORED = 255 };

struct eval_label_maps {
	int64_t n_images;
	int64_t n_left_out;	/* files among the results without ground truth */
	int64_t (*count)[EVAL_LABELS];	/* [true label][found label] pixels, those truly 255 too */
	int n_categories;	/* of the ground truth's stream; 0: none are known */
	const struct category *categories;	/* a label is the index */
};

/*
 * Read all pairs and count. Both paths are directories of PNG files with equal names, or both are streams (or packs) of
 * samples or detections that carry `semantic`, with the same ids in the same order; one may be "-". Memory is the arena's.
 * Error: what is neither; no PNG files; a result is missing; sizes differ; not a label map; ids that differ.
 */
int eval_label_maps_read(struct eval_label_maps *maps, const char *truth, const char *results, int threads, struct arena *a)
	MUST_CHECK;

#endif
