/* fused: a plan carried out with one resampling; augment.h says why the order of its steps is kept. */
#ifndef AUGMENT_FUSED_H
#define AUGMENT_FUSED_H

#include "augment/augment.h"
#include "image/render.h"

/* What a plan is carried out on. */
struct augment_source {
	struct image_source image;
	struct image_turn turn;	/* makes it upright */
	int64_t n;
	const double *boxes;	/* [n 4] in the upright image */
};

/* The valid part of pixels u8 [out_h out_w 3]; the rest is left alone. Error: damaged image; memory. */
int augment_fused(struct tensor *pixels, const struct augment_source *source, const struct augment_plan *plan,
		  struct arena *a) MUST_CHECK;

/* The upright image in full size, in memory of its own: u8 [H W 3]. Error: as above. */
int augment_upright(struct tensor *upright, const struct augment_source *source, struct arena *a) MUST_CHECK;

#endif
