/*
 * tar_reader: the files of a tar archive, from front to back.
 *
 * Read are POSIX's ustar with the path and size of pax headers, and GNU's long names and large sizes; what gzip or zstd
 * has compressed is expanded on the way. Blocks of zeros between members, as between archives that were put together by
 * cat, are passed over; an archive that ends without any is cut short.
 *
 *     struct tar_reader t;
 *     struct tar_member m;
 *     TRY(tar_reader_open(&t, path));         // "-" is stdin
 *     while ((got = tar_reader_next(&t, &m, &arena)) == 1)
 *             TRY(tar_reader_data(&t, &data, &arena));        // or not: then it is passed over
 *     tar_reader_close(&t);
 *
 * Source: POSIX.1-2017, pax, "ustar interchange format" and "pax header block"; GNU tar's manual, "Basic Tar Format".
 */
#ifndef COCO_TAR_READER_H
#define COCO_TAR_READER_H

#include "base/arena.h"
#include "base/text_input.h"

#include <stdint.h>

struct tar_member {
	const char *name;	/* without "./" before it; in arena memory */
	int64_t offset;	/* of its bytes in the archive, when it is not compressed */
	int64_t size;
};

struct tar_reader {
	const char *name;	/* of the archive, for messages */
	struct text_input in;
	bool seekable;	/* a regular file that is not compressed: read in any order */
	int64_t at;	/* bytes read or passed over so far */
	int64_t left;	/* bytes of the member that are not read yet, with the padding */
	int64_t size;	/* of the member */
	bool ended;	/* zeros were the last that was read */
};

/* Error: cannot open. */
int tar_reader_open(struct tar_reader *t, const char *path) MUST_CHECK;

/*
 * The next regular file; directories, links and the like are passed over. 1: there is one, 0: the end, -1: error: a
 * damaged or unknown header, with the byte where it is; cut short.
 */
int tar_reader_next(struct tar_reader *t, struct tar_member *m, struct arena *a) MUST_CHECK;

/* The member's bytes, with a NUL behind them. Once a member. Error: cut short; more than TAR_MAX_MEMBER; memory. */
int tar_reader_data(struct tar_reader *t, uint8_t **data, struct arena *a) MUST_CHECK;

#define TAR_MAX_MEMBER ((int64_t)1 << 30)

/* The bytes of any member of a seekable archive, in any thread; as tar_reader_data(). */
int tar_member_read(const struct tar_reader *t, const struct tar_member *m, uint8_t **data, struct arena *a) MUST_CHECK;

void tar_reader_close(struct tar_reader *t);

#endif
