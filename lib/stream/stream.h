/*
 * stream: framed msgpack maps through pipes and files; see cocopipe-stream(5).
 *
 *     stream = ([frame][header map] ([frame][record map])* [frame][trailer map])+
 *
 * A reader checks length, hash and structure of every frame before it hands out the
 * body, and the counts and the running hash at the trailer. EOF without a trailer is
 * an error: a dead upstream is never mistaken for the end of the data. Readers and
 * writers are sticky: after an error every call fails with the same message, so a
 * loop may check once.
 *
 *     struct stream_reader r;
 *     struct stream_body body;
 *     int got;
 *     TRY(stream_reader_open(&r, "-", NULL));
 *     while ((got = stream_reader_next(&r, &body)) == 1)
 *             ...;                    // body lives until the next call
 *     stream_reader_close(&r);
 *     return got;                     // 0: clean end, -1: error
 */
#ifndef STREAM_STREAM_H
#define STREAM_STREAM_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_VERSION 1
#define STREAM_DEFAULT_CAP ((uint64_t)1 << 30)

struct category {
	int64_t id;	/* as in the data set; a label is the 0-based index into the list */
	const char *name;
	const char *supercategory;	/* NULL: none */
	int n_keypoints;	/* 0: not named */
	const char **keypoints;	/* [n_keypoints] names */
	int n_skeleton;
	int32_t (*skeleton)[2];	/* [n_skeleton] keypoints that a line joins, counted from 1 */
	const char *members;	/* JSON object: what else the data set says of it; NULL: nothing */
};

/* What a data set says of itself. */
struct about {
	const char *source;	/* its name, that of its samples' source */
	const char *members;	/* JSON object */
};

/* What one tool did to the records: never threads, paths or times. */
struct provenance {
	const char *tool;
	const char *version;
	const char *options;	/* "size=320x240 s1=true", in the order of the option table */
	uint64_t seed;
};

struct stream_header {
	const char *kind;	/* "sample", "detection", "metric" */
	int n_categories;
	struct category *categories;
	int64_t planned;	/* records of the whole run; -1: not known */
	int64_t start;	/* position of the run at which the source began to write; not a part of "same seed, same bits" */
	int n_provenance;
	struct provenance *provenance;
	int n_about;
	struct about *about;	/* of data sets that say something, each of them once */
	/* Keys that this version does not know, as msgpack pairs one after the other; passed on by all tools. */
	uint32_t n_extra;
	const uint8_t *extra;
	size_t extra_size;
};

/* A count of whole records and of the objects (boxes) in them. */
struct stream_count {
	int64_t records;
	int64_t objects;
};

struct stream_reject {
	const char *reason;	/* a short fixed phrase: "box outside the image" */
	struct stream_count count;	/* records: samples lost whole; objects: boxes lost, alone or with them */
};

/* in = out + deselected + the sum of rejects, for records and for objects. */
struct stream_trailer {
	struct stream_count in;
	struct stream_count out;
	struct stream_count deselected;
	int n_rejects;
	struct stream_reject *rejects;
};

/* One record as bytes: a msgpack map. Tensors in it are 64-byte aligned relative to data. */
struct stream_body {
	const uint8_t *data;	/* 64-byte aligned */
	size_t size;
	int64_t number;	/* 0-based number of the record in the input, for messages */
};

struct stream_limits {
	uint64_t cap;	/* longest body accepted, bytes; 0: STREAM_DEFAULT_CAP */
};

struct stream_reader {
	struct stream_reader_state *state;	/* NULL before open and after close */
};

/*
 * Open a stream or a pack: "-" is stdin. The first header is read at once.
 * Concatenated streams read as one when kind and categories agree.
 * Error: cannot open; not a stream; empty input; damaged header.
 */
int stream_reader_open(struct stream_reader *r, const char *path, const struct stream_limits *limits) MUST_CHECK;

/* The first header (provenance and planned of the first stream). Lives until close. */
const struct stream_header *stream_reader_header(const struct stream_reader *r);

/* 1: body is the next record; 0: clean end; -1: error naming input and record. */
int stream_reader_next(struct stream_reader *r, struct stream_body *body) MUST_CHECK;

/* Sum of the trailers seen; complete after the clean end. */
const struct stream_trailer *stream_reader_trailer(const struct stream_reader *r);

/* How the input is called in messages: the path, or "standard input". */
const char *stream_reader_name(const struct stream_reader *r);

void stream_reader_close(struct stream_reader *r);

struct stream_writer {
	struct stream_writer_state *state;
};

/*
 * Write to "-" (stdout; refused when it is a terminal) or to a file. A file appears under
 * its name only at a successful close (temporary + fsync + rename). A path that ends in ".pack"
 * becomes a pack (zstd, seekable). The header is copied and written at once.
 */
int stream_writer_open(struct stream_writer *w, const char *path, const struct stream_header *header) MUST_CHECK;

/* Append a body made by sample_encode() and friends; objects counts its boxes for the trailer. */
int stream_writer_put(struct stream_writer *w, const void *body, size_t size, int64_t objects) MUST_CHECK;

/* A body made ready: what else has to be done with it before it is written does not need its neighbours. */
struct stream_part {
	const void *body;
	size_t size;
	uint8_t frame[18];	/* that stands before it */
	const uint8_t *packed;	/* compressed, for a pack; NULL: not */
	size_t packed_size;
	uint64_t packed_hash;
};

/*
 * stream_writer_put() in two steps: hashing, and for packs compressing, which many threads may do at once with one
 * writer, into arena memory; then writing, in order, in one thread. The bytes are the same as those of put.
 */
int stream_writer_prepare(struct stream_part *part, const struct stream_writer *w, const void *body, size_t size,
			  struct arena *a) MUST_CHECK;
int stream_writer_put_part(struct stream_writer *w, const struct stream_part *part, int64_t objects) MUST_CHECK;

/*
 * Write the trailer and close. `trailer->out` is filled by the writer; the rest is the caller's
 * (NULL: in = out, nothing deselected or rejected). Error: what any earlier put or the close met.
 */
int stream_writer_close(struct stream_writer *w, const struct stream_trailer *trailer) MUST_CHECK;

/* Give up: no trailer, no file. After it a reader downstream sees a broken stream. */
void stream_writer_abandon(struct stream_writer *w);

/* A header like `from` (may be NULL) with one more link in the provenance chain, in arena memory. */
int stream_header_extend(struct stream_header *header, const struct stream_header *from,
			 const struct provenance *link, struct arena *a) MUST_CHECK;

/*
 * Add what data sets say of themselves to h, in arena memory, strings not copied. What a data set of that name has said
 * already stays. Error: memory.
 */
int stream_header_add_about(struct stream_header *h, const struct about *about, int n, struct arena *a) MUST_CHECK;

/* Add one reject of that reason (a string constant) to a trailer whose rejects live in arena memory. */
int stream_trailer_reject(struct stream_trailer *t, const char *reason, int64_t records, int64_t objects,
			  struct arena *a) MUST_CHECK;

/* The same names of keypoints in the same order. */
bool stream_same_keypoints(const struct category *a, const struct category *b);

/* Streams may be read one after the other when kind and categories agree. Error: says what differs. */
int stream_header_agree(const struct stream_header *first, const struct stream_header *next) MUST_CHECK;

/* Add the counts of `next` to `sum`; reasons are copied to the arena. Error: a sum above INT64_MAX. */
int stream_trailer_add(struct stream_trailer *sum, const struct stream_trailer *next, struct arena *a) MUST_CHECK;

#endif
