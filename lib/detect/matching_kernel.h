/*
 * matching_kernel: the loops of matching that run over all anchors, compiled for each instruction level.
 */
#ifndef DETECT_MATCHING_KERNEL_H
#define DETECT_MATCHING_KERNEL_H

#include "base/isa.h"
#include "detect/anchors.h"

#include <stdint.h>

/*
 * Where the object's IoU is higher than best [n], set best to it and which [n] to the object.
 * Returns the object's highest IoU.
 */
ISA_DECLARE(float, match_best, (float *restrict best, int32_t *restrict which, const struct anchors *anchors,
				const float box[4], int32_t object))

/* Set claimed [n] to 1 where the object's IoU equals highest, exactly; returns the first such anchor. n < 2^31. */
ISA_DECLARE(int64_t, match_claim, (int32_t *restrict claimed, const struct anchors *anchors, const float box[4],
				   float highest))

/* Set covered [n] to 1 where at least that share of the anchor's own area lies in the box. */
ISA_DECLARE(void, match_cover, (int32_t *restrict covered, const struct anchors *anchors, const float box[4],
				float share))

#endif
