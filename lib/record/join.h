/*
 * join: whole streams from one place to another: what tstream's cat and head do.
 */
#ifndef RECORD_JOIN_H
#define RECORD_JOIN_H

#include "stream/stream.h"

struct join_param {
	const char *output;	/* as stream_writer_open() takes it */
	const char *const *inputs;
	int n_inputs;
	int64_t records;	/* stop after that many; -1: all */
	const struct provenance *link;	/* added to the chain; NULL: none */
	const struct stream_limits *limits;	/* or NULL */
};

/*
 * Copy the records of all inputs, unchanged, into one stream. Its header is that of the first input; planned is the
 * sum, or unknown when one is. All inputs read to the end: the trailer is the sum of theirs;
 * stopped after `records`: it counts what was copied.
 * Error: an input is damaged, kind or categories differ; the output then does not appear.
 */
int stream_join(const struct join_param *p) MUST_CHECK;

#endif
