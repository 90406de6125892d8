/*
 * pack_run: from a data set to samples somewhere else, with an account of everything.
 *
 * What goes in is every image and every object of the data set, once for each epoch that the run begins.
 * Each of them is then exactly one of: out (written), deselected (not in the subset, the part, or behind
 * --start or --count, or of a class that is left out; objects also by --unlabelled), or rejected for a reason.
 *
 *     in = out + deselected + rejected        for records and for objects
 *
 * An object of an image the data set does not list is rejected once an epoch.
 */
#ifndef COCO_PACK_RUN_H
#define COCO_PACK_RUN_H

#include "coco/corrupt.h"
#include "coco/pack_sink.h"
#include "coco/sampler.h"

#include <stdio.h>

struct pack_options {
	struct sampler_options sampler;
	const struct sampler *ready;	/* made of them; not used of a stream */
	struct corrupt_options corrupt;
	int64_t start;	/* first position to write */
	bool strict;	/* the first reject is an error */
	int threads;
	FILE *rejects;	/* a JSON line for each reject; NULL: none */
	void (*progress)(void *context, int64_t done, int64_t total);	/* records of this part; may be NULL */
	void *progress_context;
};

struct pack_result {
	struct stream_trailer trailer;
	int64_t clipped;	/* boxes that stuck out of their image */
	int64_t corrupted;	/* labels that were made wrong */
};

/* The header of the run: link, whose options become those and what names the data. In the data set's arena. Error: memory. */
int pack_run_header(struct stream_header *header, struct dataset *d, const struct pack_options *options,
		    const struct provenance *link) MUST_CHECK;

/*
 * Give the samples to the sink, which is closed with the trailer, or abandoned on an error. The result lives in the data
 * set's arena. Error: what the data set, the sampler or the sink met; every record of a whole run was rejected; an image
 * of several sources is there twice.
 */
int pack_run(struct pack_result *result, struct dataset *d, const struct pack_options *options,
	     const struct pack_sink *sink) MUST_CHECK;

#endif
