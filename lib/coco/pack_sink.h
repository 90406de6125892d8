/*
 * pack_sink: where the samples of a run go: a stream, files, a tar file, or hashes that are compared.
 */
#ifndef COCO_PACK_SINK_H
#define COCO_PACK_SINK_H

#include "coco/dataset.h"

struct pack_sink {
	void *context;
	/*
	 * In any thread, many at once: make of r->sample what put() will need, in r's arena. What cannot be used is a reject of
	 * the whole record in r->reject, here and in put().
	 */
	int (*prepare)(void *context, struct dataset_record *r, void **prepared);
	/* In the order of the run, one after the other. */
	int (*put)(void *context, struct dataset_record *r, void *prepared);
	/* All is well: make it last. */
	int (*close)(void *context, const struct stream_trailer *trailer);
	/* Give up. */
	void (*abandon)(void *context);
	bool takes_same;	/* that an image of a source comes twice is no mistake */
};

/* The writer of a stream of samples, or of a pack, already open. */
struct pack_sink stream_sink(struct stream_writer *w);

#endif
