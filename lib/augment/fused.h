/* fused: a plan carried out with one resampling; augment.h says why the order of its steps is kept. */
#ifndef AUGMENT_FUSED_H
#define AUGMENT_FUSED_H

#include "augment/augment.h"
#include "image/render.h"

/*
 * The valid part of pixels u8 [out_h out_w 3]; the rest is left alone. turn makes the source upright.
 * Error: damaged image; memory.
 */
int augment_fused(struct tensor *pixels, const struct image_source *source, struct image_turn turn,
		  const struct augment_plan *plan, struct arena *a) MUST_CHECK;

#endif
