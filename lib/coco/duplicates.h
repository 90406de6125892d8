/*
 * duplicates: which images are there twice, to the byte or to the eye.
 *
 * Every image is compared with those before it: of one data set with all, of several with those of the others. It is an exact
 * duplicate when the bytes of the files (or the pixels of tensors) have the same XXH3-128, a near one when the hashes of dhash.h
 * differ in at most `distance` bits; flat images have no near ones. Of several the nearest counts, of equally near ones
 * the first. Each is one line of JSON:
 *
 *     {"source":"val","image":17,"file_name":"b.jpg","duplicate_of":{"source":"train","image":5,"file_name":"a.jpg"},"distance":2}
 *
 * An exact one has "exact":true in place of the distance. The lines are in the order of the images.
 */
#ifndef COCO_DUPLICATES_H
#define COCO_DUPLICATES_H

#include "coco/pack_sink.h"

#include <stdio.h>

enum { DUPLICATES_MAX_DISTANCE = 16 };

struct duplicates_param {
	FILE *output;	/* not closed */
	bool across;	/* only between sources */
	int distance;	/* 0..DUPLICATES_MAX_DISTANCE */
};

struct duplicates_result {
	int64_t exact, near;
};

/* result is filled when the sink is closed. Error: memory; cannot write. */
int duplicates_sink_open(struct pack_sink *sink, struct duplicates_result *result, const struct duplicates_param *param) MUST_CHECK;

#endif
