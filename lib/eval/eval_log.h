/*
 * eval_log: detections put aside on disk, for the case that they are wanted once more.
 *
 * Results from a pipe cannot be read again, and would take much more memory than what is kept of them. The log is a file
 * without a name in $TMPDIR, else /var/tmp, else /tmp; it goes with the program.
 */
#ifndef EVAL_EVAL_LOG_H
#define EVAL_EVAL_LOG_H

#include "eval/eval_objects.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct eval_log {
	int fd;	/* -1: closed */
	int64_t n;	/* objects in it */
	off_t written;	/* bytes in the file */
	uint8_t *buffer;	/* what is not there yet */
	size_t used;
};

/* Error: no directory to write in; memory. */
int eval_log_open(struct eval_log *log) MUST_CHECK;

/* Error: cannot write, as when the disk is full; the objects of earlier calls can still be read. */
int eval_log_write(struct eval_log *log, const struct eval_object *x, int64_t n, struct eval_kind kind) MUST_CHECK;

/* Append all that has been written to objects, with masks or keypoints in the arena. Error: cannot read; memory. */
int eval_log_read(const struct eval_log *log, struct eval_objects *objects, struct eval_kind kind, struct arena *a) MUST_CHECK;

/* Harmless when closed. */
void eval_log_close(struct eval_log *log);

#endif
