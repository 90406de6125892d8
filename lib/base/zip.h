/*
 * zip: archives whose members are stored, not compressed, in memory and out of it.
 *
 *     struct zip z;
 *     TRY(zip_open(&z, bytes, size, "m.pth", &arena));      // checks every member
 *     const struct zip_member *m = zip_find(&z, "archive/data.pkl");
 *
 * Nothing belongs to the archive: members are views of the bytes, their names and their list are the arena's.
 */
#ifndef BASE_ZIP_H
#define BASE_ZIP_H

#include "base/arena.h"
#include "base/error.h"
#include "base/io.h"

#include <stdbool.h>

struct zip_member {
	const char *name;
	const void *data;
	size_t size;
	/* To write: what comes before the data in the member, and a power of two that the data's place in the file is a multiple of. */
	const void *head;
	size_t head_size;
	unsigned align;	/* 0: as it comes */
};

struct zip {
	int n;
	struct zip_member *members;	/* in byte order of their names */
};

/* The first bytes are those of an archive. */
bool zip_is(const void *bytes, size_t size);

/*
 * Find the members of an archive of size bytes; path is for messages. Sizes of more than 4 GiB (zip64) are read.
 * Error: no archive; a member that is compressed or encrypted, lies outside the file, overlaps another one, has the
 * name of another one, or does not have the CRC-32 that is written for it.
 */
int zip_open(struct zip *z, const uint8_t *bytes, size_t size, const char *path, struct arena *a) MUST_CHECK;

/* NULL when there is none of that name. */
const struct zip_member *zip_find(const struct zip *z, const char *name);

/* Write an archive of n members; equal members are equal bytes. Error: cannot write; more than 4 GiB or 65535 members. */
int zip_write(const struct atomic_file *f, const struct zip_member *members, int n) MUST_CHECK;

#endif
