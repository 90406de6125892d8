/*
 * io: whole reads and writes, files that appear complete or not at all.
 *
 *     struct atomic_file f;
 *     TRY(atomic_open(&f, "m.safetensors"));
 *     TRY(io_write(f.fd, f.path, data, size));
 *     TRY(atomic_commit(&f));         // fsync, rename, fsync of the directory
 *     ... or atomic_abandon(&f) on the way out of an error
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* Write everything; name is for the message. Interrupted calls go on. */
int io_write(int fd, const char *name, const void *data, size_t size) MUST_CHECK;

/* Read at least `least` bytes, fewer only at the end of the input, and at most `most`. -1 on error. */
ssize_t io_read_some(int fd, const char *name, void *data, size_t least, size_t most) MUST_CHECK;

/* Read up to size bytes, fewer only at the end of the input. -1 on error. */
ssize_t io_read(int fd, const char *name, void *data, size_t size) MUST_CHECK;

/* The whole file into arena memory, with a NUL after it that size does not count. */
int io_read_file(const char *path, uint8_t **data, size_t *size, struct arena *a) MUST_CHECK;

/* A file without a name, which is gone when it is closed: in $TMPDIR, else /var/tmp, else /tmp. -1: in none of them. */
int io_open_unnamed(void) MUST_CHECK;

struct atomic_file {
	int fd;	/* -1: not open */
	FILE *file;	/* the same file, when opened by atomic_fopen() */
	char *path;	/* the name it will have */
	char *temporary;
};

/*
 * A temporary beside path, "<path>.tmp", locked; what a killed program left there is taken over. Devices and
 * pipes (/dev/full, /dev/null) are opened as they are. Error: cannot write; another program is writing it.
 */
int atomic_open(struct atomic_file *f, const char *path) MUST_CHECK;
int atomic_fopen(struct atomic_file *f, const char *path) MUST_CHECK;

/* Make it durable and give it its name. On failure nothing is left and what stood there before stands. */
int atomic_commit(struct atomic_file *f) MUST_CHECK;

/* Whether atomic_open() could have the path, without touching what is there. Error: as there. */
int io_check_writable(const char *path) MUST_CHECK;

/* Close and remove the temporary; harmless when not open. */
void atomic_abandon(struct atomic_file *f);

#endif
