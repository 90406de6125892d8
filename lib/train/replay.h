/*
 * replay: the batch that broke a run, as a stream that can be fed to trainstep again.
 */
#ifndef TRAIN_REPLAY_H
#define TRAIN_REPLAY_H

#include "stream/stream.h"
#include "train/feeder.h"
#include "train/trainer.h"

/*
 * Write the records of the batch, byte for byte and under the header they came with, to m.bad-batch.stream
 * beside the model m.safetensors. Always -1: the message tells the step, what was not finite, and the file.
 */
int replay_refuse(struct trainer *t, const struct feeder_item *item, const struct stream_header *header,
		  const struct step_report *r) MUST_CHECK;

#endif
