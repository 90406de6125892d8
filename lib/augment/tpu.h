/*
 * tpu: a plan carried out as the published code does: the steps one by one on the image at its own size, nearest
 * neighbours, boxes of whole pixels; then mirrored, resized from corners, cut and padded.
 */
#ifndef AUGMENT_TPU_H
#define AUGMENT_TPU_H

#include "augment/fused.h"

/*
 * The valid part of pixels u8 [out_h out_w 3]. placed f32 [source->n 4]: the boxes x0 y0 x1 y1 there, cut to
 * 0..out_w-1 and 0..out_h-1; crowds get no area. placed is left alone when the plan's steps are late.
 * Error: damaged image; memory.
 */
int augment_tpu(struct tensor *pixels, float *placed, const struct augment_source *source, const uint8_t *iscrowd,
		const struct augment_plan *plan, struct arena *a) MUST_CHECK;

#endif
