/*
 * augment_run: a whole stream through a scheme, on several threads, in order.
 *
 *     struct augment_run run = { .reader = &r, .writer = &w, .param = param, .threads = 4, .views = 1 };
 *     int status = augment_run(&run, &process_arena);
 *     stream_writer_close(&w, &run.trailer);
 */
#ifndef AUGMENT_AUGMENT_RUN_H
#define AUGMENT_AUGMENT_RUN_H

#include "augment/augment.h"
#include "base/progress.h"
#include "stream/stream.h"

#include <stdio.h>

struct preview;

struct augment_run {
	struct stream_reader *reader;
	struct stream_writer *writer;
	struct augment_param param;
	int threads;
	int views;	/* records that are made of each sample, 1 and more; they follow each other, sample.view tells them apart */
	bool skip_bad;	/* a sample with a damaged image is rejected; otherwise it ends the run */
	void (*say)(const char *text);	/* told about each rejected sample; may be NULL */
	FILE *explain;	/* NULL, or where a line goes for each sample that is written (augment/explain.h) */
	struct preview *preview;	/* NULL: none */
	struct progress *progress;	/* NULL: none */

	/* Results. */
	struct augment_loss loss;
	struct stream_trailer trailer;	/* out is the writer's business */
	uint64_t mallocs;	/* of all item arenas; does not grow with the number of records */
};

/*
 * Read, augment and write all samples; the writer is left open. Lives in a: the trailer's rejects.
 * Error: names the record. Output does not depend on threads.
 */
int augment_run(struct augment_run *run, struct arena *a) MUST_CHECK;

#endif
