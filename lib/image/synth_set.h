/*
 * synth_set: a directory of drawn pictures with COCO annotations.
 *
 *     DIR/images/000001.jpg ...    DIR/instances.json
 *
 * instances.json appears last, when all pictures are on the disk, and one that stands there before is removed first:
 * a directory that has it is complete.
 */
#ifndef IMAGE_SYNTH_SET_H
#define IMAGE_SYNTH_SET_H

#include "base/error.h"
#include "image/synth.h"

#include <stdbool.h>
#include <stdint.h>

struct synth_set {
	const char *directory;	/* made when it is not there; its parent must be */
	struct synth_param param;
	int64_t n_images;	/* numbered from 1 */
	uint64_t seed;
	int quality;	/* of the JPEGs, 1..100 */
	int threads;	/* the bytes do not depend on it */

	/* Called after each picture, in order, when not NULL. */
	void (*progress)(void *context, int64_t done);
	void *progress_context;

	int64_t n_objects;	/* annotations written */
};

/* Error: anything that cannot be made or written, naming it; sizes and counts out of range. */
int synth_set_write(struct synth_set *set) MUST_CHECK;

#endif
