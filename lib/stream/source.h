/*
 * source: the bytes of a stream, from a file or pipe, packed or plain.
 *
 * What begins as zstd does is read as a pack: its frames are unpacked on the way, and its index and seek
 * table are checked at the end.
 */
#ifndef STREAM_SOURCE_H
#define STREAM_SOURCE_H

#include "base/error.h"
#include "stream/unpack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct source {
	int fd;
	bool owned;	/* the descriptor is closed with the source */
	const char *name;	/* for messages; the caller's, outlives the source */
	uint8_t head[4];	/* read to tell a pack from a plain stream, not yet handed out */
	size_t head_size;
	struct unpack *unpack;	/* NULL: plain */
};

/* path "-" is stdin. Error: cannot open; empty input; stdin is a terminal. */
int source_open(struct source *s, const char *path, const char *name) MUST_CHECK;

/*
 * Read at least `least` and at most `most` bytes into data; fewer only at the end of the input.
 * Returns as soon as it has enough, so that a record is seen when it was sent. -1 on error.
 */
ssize_t source_read(struct source *s, void *data, size_t least, size_t most) MUST_CHECK;

void source_close(struct source *s);

#endif
