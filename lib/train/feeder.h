/*
 * feeder: reads and prepares the next batches in a thread of its own while one trains.
 *
 *     struct feeder *f = feeder_start(&reader, &(struct feeder_param){ DTYPE_F32, 32, batch_size, 0, { 0 } });
 *     struct feeder_item *item;
 *     while ((got = feeder_next(f, &item, &stop)) == 1)
 *             ...                      // item lives until the next call
 *     feeder_stop(f);
 */
#ifndef TRAIN_FEEDER_H
#define TRAIN_FEEDER_H

#include "model/batch.h"
#include "stream/stream.h"

#include <signal.h>

struct feeder_item {
	struct batch batch;
	int64_t first_seq;	/* of its first sample */
	int64_t position;	/* seq of its last sample plus 1 */
	int64_t passed;	/* samples passed over on the way to a full batch */
	/* The records as they came, so that a batch can be replayed. */
	struct arena raw;
	int n_bodies;
	struct stream_body *bodies;
};

struct feeder;

/* What batches are made of. */
struct feeder_param {
	enum dtype dtype;
	int stride, batch_size;
	int n_sources;	/* samples must have an input below it; 0: whatever they have */
	/*
	 * [n_sources] images of each in a batch, or all 0. A sample whose source is complete in the batch under way is passed
	 * over, so that samples keep their order and a run can be taken up behind any batch.
	 */
	int quota[BATCH_MAX_SOURCES];
};

/* The reader is the feeder's until feeder_stop(). NULL with a message. */
struct feeder *feeder_start(struct stream_reader *r, const struct feeder_param *p) MUST_CHECK;

/*
 * 1: the next full batch; 0: end of the data, or *stop (set by a signal handler) became non-zero
 * while waiting; -1: error.
 */
int feeder_next(struct feeder *f, struct feeder_item **item, const volatile sig_atomic_t *stop) MUST_CHECK;

/* Images of the last, partial batch, which is dropped; 0 before feeder_next() has told the end of the data. */
int feeder_dropped(const struct feeder *f);

/* Samples passed over for the sake of quotas, in the batches handed out. */
int64_t feeder_passed(const struct feeder *f);

void feeder_stop(struct feeder *f);

#endif
