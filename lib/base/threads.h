/*
 * threads: how many to use, and work on many records in order.
 */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include "base/error.h"

/* CPUs this process may use: affinity and cgroup quota, rounded up; OMP_NUM_THREADS lowers it. At least 1. */
int threads_available(void);

/*
 * Let OpenMP's threads sleep soon instead of spinning when they wait, so that programs which share the machine do
 * not take each other's time: with one busy neighbour on two cores a training step takes 2.2 instead of 2.9 s, alone 1.11
 * instead of 1.05 s. OpenMP reads this from the environment before main() starts, so the program runs itself again
 * with the setting; returns when there is nothing to do, as when the user chose (OMP_WAIT_POLICY, GOMP_SPINCOUNT). Call
 * it first in main().
 */
void threads_wait_politely(char **argv);

/*
 * An ordered pipeline: next() fills item after item, work() runs on many at once, done() sees the items in the order of
 * next(). Of next() and of done() one call runs at a time, in whichever thread; the calling one takes part. Items
 * are `n_items` structs of item_size bytes owned by the caller and reused; at most that many are under way.
 *
 * next: 1 = an item, 0 = no more, -1 = error. work, done: 0 or -1. The first error in order ends
 * the run with its message; items before it have been through done(). With threads == 1 everything runs in
 * the calling thread.
 */
struct ordered_work {
	int (*next)(void *context, void *item);
	int (*work)(void *context, void *item);
	int (*done)(void *context, void *item);
	void *context;
	void *items;
	int n_items;
	unsigned long item_size;
};

int ordered_run(const struct ordered_work *w, int threads) MUST_CHECK;

#endif
