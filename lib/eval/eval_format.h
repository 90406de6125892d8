/*
 * eval_format: tell JSON, compressed or not, from a stream or pack by how it begins, without taking that out of a pipe.
 */
#ifndef EVAL_EVAL_FORMAT_H
#define EVAL_EVAL_FORMAT_H

#include "base/error.h"

enum eval_format {
	EVAL_FORMAT_JSON,
	EVAL_FORMAT_STREAM,	/* or a pack */
};

/*
 * What path ("-": stdin) holds; waits for the first byte of a pipe. *hold is -1 or a descriptor to close
 * after the input has been opened for reading: it keeps the writer of a named pipe from losing its reader.
 * Error: cannot open or read; empty.
 */
int eval_format_of(enum eval_format *format, int *hold, const char *path) MUST_CHECK;

#endif
