/*
 * replay: the batch that broke a run, as a stream that can be fed to trainstep again.
 */
#ifndef TRAIN_REPLAY_H
#define TRAIN_REPLAY_H

#include "stream/stream.h"
#include "train/feeder.h"

/* The batch's records, byte for byte, under the header they came with. */
int replay_write(const char *path, const struct feeder_item *item, const struct stream_header *header) MUST_CHECK;

#endif
