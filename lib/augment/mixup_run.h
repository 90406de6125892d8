/*
 * mixup_run: a whole stream of samples with pixels, mixed in pairs.
 *
 * A pair is made of the positions 2k and 2k + 1 of a run, or, in the part of one of N readers, of what that reader has in these
 * places: seq / N. So the records are the same wherever a run is taken up again, at the first of a pair. One whose partner is
 * not there, because it was rejected or the input ends, is not mixed.
 */
#ifndef AUGMENT_MIXUP_RUN_H
#define AUGMENT_MIXUP_RUN_H

#include "augment/mixup.h"
#include "base/progress.h"
#include "stream/stream.h"

struct mixup_run {
	struct stream_reader *reader;
	struct stream_writer *writer;
	struct mixup_param param;
	int64_t readers;	/* the input is the part of one of so many; 1 and more */
	struct progress *progress;	/* NULL: none */

	/* Results. */
	int64_t records, mixed;
};

/* The writer is left open. Error: names the record; an input that begins in the middle of a pair. */
int mixup_run(struct mixup_run *run) MUST_CHECK;

#endif
