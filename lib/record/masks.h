/*
 * masks: the masks of a sample's objects in msgpack: an array with one element for each object:
 * nil (no mask), an array of polygons (each a tensor f64 [points 2]), or the map
 * {"size": [h, w], "counts": text} that COCO uses for run lengths.
 */
#ifndef RECORD_MASKS_H
#define RECORD_MASKS_H

#include "record/sample.h"
#include "stream/emit.h"

void masks_encode(struct emitter *e, const struct sample_mask *masks, int64_t n);

/* Error: names what is wrong. */
int masks_decode(struct sample_mask **masks, int64_t *n, struct wire_cursor *c, struct arena *a) MUST_CHECK;

#endif
