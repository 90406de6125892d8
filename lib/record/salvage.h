/*
 * salvage: what is left of a damaged pack, as a new stream or pack, and a list of what is lost.
 *
 * A record is whole when its own hash says so, whatever has become of the zstd frame around it. With the index of the
 * pack, which has the number, the objects and a hash of the id of each record, everything that is lost is known. Without it
 * (the file was cut, or its end is damaged) a gap is listed, and how many records there were is known only when the
 * trailer can still be read.
 */
#ifndef RECORD_SALVAGE_H
#define RECORD_SALVAGE_H

#include "record/sample.h"

/* A record that is lost; of a gap without an index, the first one in it. */
struct salvage_lost {
	int64_t number;	/* of the record in the pack; -1: not known */
	uint64_t place;	/* in the file, of its zstd frame */
	bool has_id, has_seq;
	struct sample_id id;
	int64_t seq;
	int64_t objects;	/* -1: not known */
	uint64_t id_hash;	/* by the index; 0: none */
	const char *reason;
};

struct salvage_result {
	struct stream_count kept;
	int64_t n_lost;
	const struct salvage_lost *lost;	/* [n_lost] in the order of the file */
	struct stream_count missing;	/* lost in all; -1 each: not known */
	const char *no_index;	/* why the index could not be used; NULL: it was */
	bool no_trailer;	/* what had been deselected and rejected before is not known */
	bool whole;	/* every record and the trailer */
};

struct salvage_param {
	const char *input, *output;	/* output: as stream_writer_open() takes it */
	const char *like;	/* a stream or pack whose header takes the place of one that is damaged; NULL: none */
	const struct provenance *link;	/* added to the chain */
	const struct stream_limits *limits;	/* or NULL */
};

/*
 * The result lives in the arena. The trailer counts what is missing as rejected for the reason "damaged".
 * Error: the input is no pack, or cannot be read; its header is damaged and there is no other, or one that differs from a
 * header in it; no record is left; the output cannot be written.
 */
int salvage_pack(struct salvage_result *result, const struct salvage_param *p, struct arena *a) MUST_CHECK;

#endif
