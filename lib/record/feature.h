/*
 * feature: what a layer of a network makes of one image, as numbers for classifiers; stream kind "feature".
 *
 * The header's categories are those of the images' data set, not of the network. Pointers live as those of a sample do.
 */
#ifndef RECORD_FEATURE_H
#define RECORD_FEATURE_H

#include "record/sample.h"

struct feature {
	struct sample_id id;	/* of the image */
	int64_t seq;
	const char *source;
	const char *file_name;
	int64_t n;	/* objects: always 0 */
	int64_t class_label;	/* of the image, an index into the header's categories; -1: not known */
	struct tensor features;	/* f32 [d]; every record of a stream has the same d */
	const void *extra;	/* unknown keys, as in a sample */
};

/* 1, 0 at the clean end, or -1. Error: no features in a record, one that is not finite, a label that is no category. */
int feature_read(struct feature *f, struct stream_reader *r, struct arena *a) MUST_CHECK;
int feature_write(struct stream_writer *w, const struct feature *f, struct arena *a) MUST_CHECK;

#endif
