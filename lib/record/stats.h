/*
 * stats: what is in a stream, counted record by record, and a table of it for people.
 *
 *     struct stats s;
 *     TRY(stats_read(&s, "train.pack", NULL, arena));
 *     stats_print(&s, stdout);
 */
#ifndef RECORD_STATS_H
#define RECORD_STATS_H

#include "stream/stream.h"

#include <stdio.h>

struct stats_range {
	int32_t min, max;	/* pixels */
	int64_t sum;
};

struct stats {
	const char *name;	/* of the input */
	struct stream_header header;
	struct stream_trailer trailer;
	int64_t records, objects, bytes;
	int64_t encoded, pixels;	/* records that carry a file, a tensor */
	int64_t empty;	/* records without objects */
	int64_t sized;	/* records that know the image's size */
	struct stats_range w, h;	/* of those */
	struct stream_count *category;	/* [n_categories] records that have one, and objects */
};

/* Read all of an input. What s points to lives in the arena. Error: as the reader says. */
int stats_read(struct stats *s, const char *path, const struct stream_limits *limits, struct arena *a) MUST_CHECK;

/* Errors of the FILE are the caller's to see (ferror). */
void stats_print(const struct stats *s, FILE *file);

/*
 * Read all of an input and check all of it: frames, hashes, counts, every record against the header,
 * objects against the trailer; of a pack also each index entry, and that each record can be read by it.
 * count: what was read. Error: says where.
 */
int stats_check(struct stream_count *count, const char *path, const struct stream_limits *limits) MUST_CHECK;

#endif
