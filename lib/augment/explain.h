/*
 * explain: what was done to each sample, a JSON object a line, and doing the same again.
 *
 *     {"id":25,"seq":3,"epoch":0,"source":"coco","file_name":"x.jpg","quirks":"sane","image":[640,426],
 *      "steps":[{"op":"cutout","value":80,"spots":[[-1,0.25,0.5]]}],"late":false,"mirror":true,
 *      "scaled":[700,466],"window":[12,0,640,466],"canvas":[640,640],"transform":[-1.09,0,688,0,1.09,0]}
 *
 * "corruptions", what was done to the window at the end, [{"kind":"gaussian","level":3,"seed":17}], is there where there are some,
 * "view" where it is not 0; image is the upright image's size; a spot is an object (-1: the whole image) and a place in it as fractions of
 * width and height; window is x, y, w, h of the scaled image; transform takes the upright image's points to
 * the canvas, and follows from the rest.
 */
#ifndef AUGMENT_EXPLAIN_H
#define AUGMENT_EXPLAIN_H

#include "augment/augment.h"

#include <stdio.h>

/* One line; errors are the FILE's. */
void augment_explain(FILE *file, const struct sample *sample, const struct augment_plan *plan,
		     enum augment_quirks quirks);

/* Plans by sample. Its memory is that of the arena it was opened with. */
struct augment_replay {
	const char *path;
	int64_t n;
	struct augment_replay_line *line;	/* in order of seq */
};

/* Error: cannot read; names the line that is not as above. */
int augment_replay_open(struct augment_replay *replay, const char *path, struct arena *a) MUST_CHECK;

/* The plan of a sample whose upright image has w x h pixels. Error: there is none, or it is for another image, seq or size. */
int augment_replay_find(struct augment_plan *plan, const struct augment_replay *replay, const struct sample *sample,
			enum augment_quirks quirks, int w, int h) MUST_CHECK;

/* "sane" or "tpu". */
const char *augment_quirks_name(enum augment_quirks quirks);

#endif
