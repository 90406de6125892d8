/*
 * text_input: the bytes of a file or of standard input; what gzip or zstd has compressed is expanded on the way.
 *
 *     struct text_input in;
 *     TRY(text_input_open(&in, path));		// "-" is stdin
 *     while ((n = text_input_read(&in, data, size)) > 0)
 *             ...
 *     text_input_close(&in);
 */
#ifndef BASE_TEXT_INPUT_H
#define BASE_TEXT_INPUT_H

#include "base/error.h"
#include "base/unzip.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct text_input {
	int fd;	/* -1: closed */
	bool started;	/* something has been read */
	struct unzip *unzip;	/* NULL: the input is not compressed */
};

/* How the input is called in messages: the path, or "standard input". */
const char *text_input_name(const char *path);

/*
 * Open a file for reading. A named pipe is waited for until something is in it or its writer has come and gone, so that
 * it can be opened once more while what was written is still there. -1: cannot open.
 */
int text_input_descriptor(const char *path) MUST_CHECK;

/* Error: cannot open. */
int text_input_open(struct text_input *in, const char *path) MUST_CHECK;

/* Up to size bytes, fewer only at the end. -1: cannot read; damaged. The name is for messages and outlives the input. */
ssize_t text_input_read(struct text_input *in, const char *name, void *data, size_t size) MUST_CHECK;

/* Harmless when closed. */
void text_input_close(struct text_input *in);

#endif
