/*
 * dump: records as lines of JSON, for people, jq and scripts.
 *
 * Tensors become {"dtype", "shape"} and bytes {"bytes": N}; with `full` also their "values", and
 * "base64". Every key of the record is there, also those this version does not know.
 */
#ifndef RECORD_DUMP_H
#define RECORD_DUMP_H

#include "stream/stream.h"

#include <stdio.h>

struct dump_param {
	bool full;
	bool header;	/* also the header as the first line, the trailer as the last */
	int64_t records;	/* stop after that many; -1: all */
};

/* One input, read to its end unless stopped before. Error: as the reader says, or the FILE's. */
int dump_stream(FILE *file, const char *path, const struct stream_limits *limits, const struct dump_param *param)
	MUST_CHECK;

#endif
