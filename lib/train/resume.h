/*
 * resume: going on from a state so that the bits are those of a run that was never stopped.
 *
 * What decides the bits - the options of trainstep, the provenance of its input, the computation's threads,
 * instruction level and libraries - is compared with what the state says. A difference is an error that
 * shows both sides, unless different bits are allowed.
 */
#ifndef TRAIN_RESUME_H
#define TRAIN_RESUME_H

#include "train/trainer.h"

/*
 * Load options.resume into a trainer whose model and optimiser are made. Takes the state's thread count, unless different
 * bits are allowed. Error: what differs; a source that does not start where the state left off.
 */
int resume_from(struct trainer *t, const struct stream_header *header) MUST_CHECK;

/* Take the plan of convolutions of another run's state. Error: it has none. */
int resume_plan(struct trainer *t, const char *path) MUST_CHECK;

/* One line per tool of the input's provenance, "tool version seed=N options", in arena memory. */
const char *resume_provenance_text(const struct stream_header *header, struct arena *a) MUST_CHECK;

/* "seed=N options" in arena memory: what of trainstep's own decides the bits. options NULL passes a failure on. */
const char *resume_options_text(int64_t seed, const char *options, struct arena *a) MUST_CHECK;

/* Versions of what computes: "cocopipe 0.1.0, oneDNN 2.6.3, ...". */
const char *resume_libraries(void);

/* The seq at which the source of a resumed run must start. Error: not a state. */
int resume_position(int64_t *position, const char *path) MUST_CHECK;

#endif
