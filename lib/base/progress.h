/*
 * progress: one line on stderr with rate and time left; only on a terminal and without -q.
 *
 *     struct progress p;
 *     progress_start(&p, "images", total, args->quiet);        // total 0: not known
 *     progress_update(&p, done, "loss 0.53");                  // cheap: draws at most 10 times a second
 *     progress_end(&p);
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *unit;
	int64_t total;
	double start_sec, drawn_sec;
	bool shown;
};

void progress_start(struct progress *p, const char *unit, int64_t total, bool quiet);
void progress_update(struct progress *p, int64_t done, const char *note);
void progress_end(struct progress *p);

/* Monotonic time in seconds. */
double clock_sec(void);

#endif
