/* The ordered pipeline: every item once and in order, one next() and one done() at a time, the first error in order ends it. */
#include "base/threads.h"
#include "tests/tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct item {
	long number, squared;
};

struct run {
	long count;	/* items that there are */
	long next_fails, work_fails, done_fails;	/* at this number; -1: never */
	int wait;	/* 0: nobody, 1: next(), 2: work(), 3: done() takes its time */
	long given, seen;
	atomic_int in_next, in_done, under_way, most, wrong;
	int n_items;
};

/* Now and then, so that others overtake. */
static void dawdle(const struct run *r, int who, long number)
{
	const struct timespec some = { .tv_nsec = 1000 * (1 + number * 7919 % 50) };
	if (r->wait == who && number % 3 == 0)
		nanosleep(&some, NULL);
}

static int next(void *context, void *argument)
{
	struct run *r = context;
	struct item *item = argument;
	r->wrong += atomic_fetch_add(&r->in_next, 1) != 0;
	long number = r->given;
	dawdle(r, 1, number);
	atomic_fetch_sub(&r->in_next, 1);
	if (number == r->next_fails)
		return err_set("next %ld", number);
	if (number == r->count)
		return 0;
	item->number = r->given++;
	int busy = atomic_fetch_add(&r->under_way, 1) + 1;
	if (busy > r->most)
		r->most = busy;
	return 1;
}

static int work(void *context, void *argument)
{
	struct run *r = context;
	struct item *item = argument;
	dawdle(r, 2, item->number);
	item->squared = item->number * item->number;
	return item->number == r->work_fails ? err_set("work %ld", item->number) : 0;
}

static int done(void *context, void *argument)
{
	struct run *r = context;
	struct item *item = argument;
	r->wrong += atomic_fetch_add(&r->in_done, 1) != 0;
	dawdle(r, 3, item->number);
	r->wrong += item->number != r->seen || item->squared != item->number * item->number;
	r->seen++;
	atomic_fetch_sub(&r->in_done, 1);
	atomic_fetch_sub(&r->under_way, 1);
	return item->number == r->done_fails ? err_set("done %ld", item->number) : 0;
}

static int go(struct run *r, int threads, int n_items)
{
	struct item items[32];
	r->n_items = n_items;
	const struct ordered_work w = { .next = next, .work = work, .done = done, .context = r, .items = items,
					.n_items = n_items, .item_size = sizeof *items };
	err_set("no message");
	return ordered_run(&w, threads);
}

static struct run make(long count, int wait)
{
	return (struct run){ .count = count, .wait = wait, .next_fails = -1, .work_fails = -1, .done_fails = -1 };
}

static void test_order(void)
{
	int bad = 0, tried = 0;
	for (int threads = 1; threads <= 8; threads += threads)
		for (int n_items = 1; n_items <= 32; n_items = n_items * 2 + 1)
			for (int wait = 0; wait < 4; wait++)
				for (long count = 0; count < 300; count = count * 5 + 1, tried++) {
					struct run r = make(count, wait);
					bad += go(&r, threads, n_items) != 0 || r.seen != count || r.wrong != 0 || r.most > n_items;
				}
	ok(bad == 0 && tried > 300, "%d runs: every item once and in order, never more at once than there is room for", tried);
}

/* Errors at all places: what is before them is done, the message is theirs. */
static void test_errors(void)
{
	int bad = 0;
	for (int threads = 1; threads <= 4; threads++)
		for (int wait = 0; wait < 4; wait++)
			for (long at = 0; at < 40; at += 3)
				for (int who = 0; who < 3; who++) {
					static const char *const name[] = { "next", "work", "done" };
					struct run r = make(100, wait);
					char message[32];
					*(who == 0 ? &r.next_fails : who == 1 ? &r.work_fails : &r.done_fails) = at;
					snprintf(message, sizeof message, "%s %ld", name[who], at);
					bad += go(&r, threads, 7) != -1 || strcmp(err_get(), message) != 0 || r.wrong != 0 ||
					       r.seen != at + (who == 2);
				}
	is_int(bad, 0, "an error in next(), work() or done() ends it behind what came before");
	struct run both = make(100, 2);
	both.work_fails = 20;
	both.next_fails = 22;
	ok(go(&both, 4, 16) == -1 && strcmp(err_get(), "work 20") == 0, "of two errors the first in order is told");
}

/* Both threads work: with two that each wait for the other's item, one alone would never end. */
static pthread_barrier_t meeting;

static int work_together(void *context, void *argument)
{
	(void)context;
	struct item *item = argument;
	item->squared = item->number * item->number;
	pthread_barrier_wait(&meeting);
	return 0;
}

static void test_together(void)
{
	struct run r = make(40, 0);
	struct item items[8];
	const struct ordered_work w = { .next = next, .work = work_together, .done = done, .context = &r, .items = items,
					.n_items = 8, .item_size = sizeof *items };
	pthread_barrier_init(&meeting, NULL, 2);
	is_int(ordered_run(&w, 2), 0, "two items are worked on at once");
	is_int(r.seen, 40, "all of them");
	pthread_barrier_destroy(&meeting);
}

int main(void)
{
	alarm(60);	/* whoever waits for nothing */
	test_order();
	test_errors();
	test_together();
	return tap_done();
}
