/*
 * unzip: read what gzip or zstd has compressed as if it were not.
 *
 * Memory is bounded however much comes out: a window of up to 128 MiB that zstd asks for, and two buffers. Several
 * compressed pieces in a row are one text, as with the programs.
 *
 *     if (unzip_is(head, n)) {
 *             struct unzip *u = unzip_new(fd, name, head, n);	// head: what has been read from fd
 *             n = unzip_read(u, data, size);
 *             unzip_free(u);
 *     }
 */
#ifndef BASE_UNZIP_H
#define BASE_UNZIP_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct unzip;

/* The first bytes are gzip's or zstd's. */
bool unzip_is(const void *head, size_t size);

/* Goes on behind the head, which is copied; fd and name are the caller's and outlive it. NULL: memory. */
struct unzip *unzip_new(int fd, const char *name, const void *head, size_t size) MUST_CHECK;

/* Up to size bytes, fewer only at the end. -1: cannot read, damaged, or cut off. */
ssize_t unzip_read(struct unzip *u, void *data, size_t size) MUST_CHECK;

void unzip_free(struct unzip *u);

#endif
