/*
 * tar_file: a tar archive written from front to back, the same bytes for the same files: no times, owners or modes of the machine.
 *
 *     TRY(tar_file_put(file, "000000001.jpg", bytes, size));
 *     tar_file_end(file, tar_file_size(size));
 *
 * Source: POSIX.1-2017, pax, "ustar interchange format". Errors of the FILE are seen by who closes it.
 */
#ifndef COCO_TAR_FILE_H
#define COCO_TAR_FILE_H

#include "base/error.h"

#include <stddef.h>
#include <stdio.h>

/* A file of that name, of at most 99 bytes. Error: a longer name; 8 GiB or more. */
int tar_file_put(FILE *file, const char *name, const void *bytes, size_t size) MUST_CHECK;

/* The end of the archive, filled up to the 10240 bytes of a record; written is what was put so far. */
void tar_file_end(FILE *file, size_t written);

/* How many bytes of the archive a file of that size takes. */
size_t tar_file_size(size_t size);

#endif
