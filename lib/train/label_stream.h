/*
 * label_stream: a stream of samples through a labeller.
 */
#ifndef TRAIN_LABEL_STREAM_H
#define TRAIN_LABEL_STREAM_H

#include "train/labeller.h"

struct label_stream_param {
	const char *input, *output;	/* as stream_reader_open() and stream_writer_open() take them */
	bool any_classes;	/* the input's classes may differ from the teacher's */
	struct provenance link;
	int (*progress)(void *context, int64_t done, int64_t total);	/* or NULL; what it returns has no effect */
	void *progress_context;
};

/*
 * Images go through as they are, labels are the teacher's, and so are the header's classes. Labels that the samples had are
 * deselected, and so are images without a label where those are left out; damaged images are rejected and counted.
 * Error: the input is damaged, holds no samples, or has other classes than the teacher (both are shown); all images are rejected.
 */
int label_stream(struct labeller *l, const struct label_stream_param *p) MUST_CHECK;

#endif
