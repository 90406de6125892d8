/*
 * mix_input: one of the inputs of a mixture, a pack or a stream, whose records are asked for by their turn q = 0, 1, 2, ...
 *
 * A pack that is a file has its records at hand in any order: turn q is record q % n of pass q / n, in an order of its own
 * in each pass when shuffled. Whatever else is read once, and the records say themselves which turn is theirs: their seq, which must
 * rise. A turn whose record is missing (it was rejected upstream) is a hole.
 */
#ifndef RECORD_MIX_INPUT_H
#define RECORD_MIX_INPUT_H

#include "record/sample.h"
#include "stream/pack.h"

enum { MIX_ENDED, MIX_RECORD, MIX_HOLE };

struct mix_input {
	const char *path, *name;
	bool is_pack;
	const struct stream_header *header;
	int64_t length;	/* turns; -1: without end (a pack that loops) or not known (a stream) */
	int64_t limit;	/* of a pack: turns before it ends; -1: it loops */
	struct stream_count taken, passed;	/* records handed out; read and passed over */
	struct sample sample;	/* the last handed out */
	/* Of a pack: */
	struct pack pack;
	int64_t n;
	uint64_t fingerprint;	/* of ids and sizes of its records */
	bool shuffle;
	uint64_t key;	/* of the orders */
	int64_t *order, order_pass;
	/* Of a stream: */
	struct stream_reader reader;
	bool pending, ended;	/* a record was read that is not handed out yet */
	int64_t last_seq;
	struct arena arena, index;
};

struct mix_input_param {
	const char *path, *name;
	int64_t passes;	/* over a pack; 0: without end */
	bool shuffle;
	uint64_t key;
	int64_t first;	/* turn from which on records will be asked for */
};

/*
 * Error: cannot open; holds no samples; a pack without records; a stream whose source started behind `first`, saying where it
 * must start.
 */
int mix_input_open(struct mix_input *in, const struct mix_input_param *p) MUST_CHECK;

/*
 * MIX_RECORD: in->sample is that of turn q, and lives until the next call; MIX_HOLE; MIX_ENDED; or -1. q rises from call to call.
 * Error: damage; positions of a stream that do not rise. It names input and record.
 */
int mix_input_next(struct mix_input *in, int64_t q) MUST_CHECK;

void mix_input_close(struct mix_input *in);

#endif
