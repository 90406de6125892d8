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

/* Whole numbers from 0 on, how often each came; the last bin holds all that are larger. */
enum { STATS_BINS = (1 << 16) + 1 };

struct stats_spread {
	int64_t n;
	int64_t min, max;
	double sum;
	int64_t *bins;	/* [STATS_BINS] */
};

/* The smallest number that at least a part p of them, 0 < p <= 1, do not exceed; 0 when there are none. */
int64_t stats_quantile(const struct stats_spread *s, double p);

/* How many of them are from low to high, both included. */
int64_t stats_between(const struct stats_spread *s, int64_t low, int64_t high);

struct stats {
	const char *name;	/* of the input */
	struct stream_header header;
	struct stream_trailer trailer;
	int64_t records, objects, bytes;
	int64_t encoded, pixels;	/* records that carry a file, a tensor */
	int64_t empty;	/* records without objects */
	int64_t classified;	/* records with a class of the whole image */
	struct stats_spread per_record;	/* objects */
	struct stats_spread w, h;	/* pixels, of the records that know the original image's size */
	struct stats_spread side;	/* of objects: square root of the box's area, in pixels, rounded */
	int64_t small, medium;	/* boxes below 32 x 32 and below 96 x 96 pixels, as COCO divides areas */
	struct stream_count *category;	/* [n_categories] records that have one, as an object or as a whole, and objects */
};

/* Read all of an input. What s points to lives in the arena. Error: as the reader says. */
int stats_read(struct stats *s, const char *path, const struct stream_limits *limits, struct arena *a) MUST_CHECK;

/* Errors of the FILE are the caller's to see (ferror). */
void stats_print(const struct stats *s, FILE *file);

/* How many objects (records, where whole images have the classes) the category has: what its bar shows. */
int64_t stats_bar(const struct stats *s, int category);

/* Ranges of objects in a record that share a bar: 0, 1, 2, 3-4, 5-8, ... Range i begins at low; returns its last. */
int64_t stats_range(int i, int64_t *low);

/*
 * Read all of an input and check all of it: frames, hashes, counts, every record against the header,
 * objects against the trailer; of a pack also each index entry, and that each record can be read by it.
 * count: what was read. Error: says where.
 */
int stats_check(struct stream_count *count, const char *path, const struct stream_limits *limits) MUST_CHECK;

#endif
