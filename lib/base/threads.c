#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int cgroup_limit(void)
{
	/* cgroup v2 "quota period", v1 one number a file; no limit reads as "max" or -1. */
	double quota = -1, period = -1;
	FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
	if (file != NULL) {
		if (fscanf(file, "%lf %lf", &quota, &period) != 2)
			quota = -1;
		fclose(file);
	} else {
		const char *path[] = { "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us" };
		double *value[] = { &quota, &period };
		for (int i = 0; i < 2; i++) {
			file = fopen(path[i], "r");
			if (file == NULL)
				return 0;
			if (fscanf(file, "%lf", value[i]) != 1)
				*value[i] = -1;
			fclose(file);
		}
	}
	if (quota <= 0 || period <= 0)
		return 0;
	int limit = (int)(quota / period + 0.999);
	return limit < 1 ? 1 : limit;
}

int threads_available(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	int limit = cgroup_limit();
	if (limit > 0 && limit < n)
		n = limit;
	const char *wish = getenv("OMP_NUM_THREADS");
	int wanted = wish != NULL ? atoi(wish) : 0;
	if (wanted > 0 && wanted < n)
		n = wanted;
	return n < 1 ? 1 : n;
}

void threads_wait_politely(char **argv)
{
	if (getenv("OMP_WAIT_POLICY") != NULL || getenv("GOMP_SPINCOUNT") != NULL || setenv("GOMP_SPINCOUNT", "10000", 1) != 0)
		return;
	/* When this fails the program goes on as it is, only less politely. */
	execv("/proc/self/exe", argv);
}

enum slot_state { SLOT_EMPTY, SLOT_BUSY, SLOT_WORKED };

/*
 * Slots are a ring, filled and emptied in the same order. Every thread does whatever is to be done next: hand out what
 * is ready, or take an item and work on it. So an item changes threads only between its work and its turn, and a thread
 * sleeps only when the ring is full or another one waits for input.
 */
struct ordered {
	const struct ordered_work *w;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum slot_state *state;
	int *result;
	char (*message)[1024];	/* why work() failed, by slot */
	long filled, emptied;	/* items that next() gave, and that done() has seen */
	bool filling, emptying;	/* a thread is in next(), in done() */
	int waiting;	/* threads */
	int next_result;	/* 1 while there may be more */
	char next_message[1024];
	bool stop;
	bool failed;
	char error[1024];
};

static void wake(struct ordered *o, bool all)
{
	if (o->waiting > 0 && all)
		pthread_cond_broadcast(&o->changed);
	else if (o->waiting > 0)
		pthread_cond_signal(&o->changed);
}

static void end(struct ordered *o, const char *error)
{
	o->stop = true;
	o->failed = error != NULL;
	if (error != NULL)
		snprintf(o->error, sizeof o->error, "%s", error);
	wake(o, true);
}

static void *item_of(const struct ordered *o, long number)
{
	return (char *)o->w->items + (size_t)(number % o->w->n_items) * o->w->item_size;
}

static bool is_ready(const struct ordered *o)
{
	return o->emptied < o->filled && o->state[o->emptied % o->w->n_items] == SLOT_WORKED;
}

/* With the lock held, as all below; it is free during next(), work() and done(). */
static void hand_out(struct ordered *o)
{
	o->emptying = true;
	while (is_ready(o) && !o->stop) {
		long slot = o->emptied % o->w->n_items;
		pthread_mutex_unlock(&o->lock);
		int status = o->result[slot];
		if (status != 0)
			err_set("%s", o->message[slot]);
		else
			status = o->w->done(o->w->context, item_of(o, o->emptied));
		pthread_mutex_lock(&o->lock);
		if (status != 0) {
			end(o, err_get());
			break;
		}
		o->state[slot] = SLOT_EMPTY;
		o->emptied++;
		wake(o, false);
	}
	o->emptying = false;
}

static void take_one(struct ordered *o)
{
	long number = o->filled, slot = number % o->w->n_items;
	o->filling = true;
	pthread_mutex_unlock(&o->lock);
	int got = o->w->next(o->w->context, item_of(o, number));
	pthread_mutex_lock(&o->lock);
	o->filling = false;
	if (got != 1) {
		o->next_result = got;
		if (got != 0)
			snprintf(o->next_message, sizeof o->next_message, "%s", err_get());
		wake(o, true);
		return;
	}
	o->state[slot] = SLOT_BUSY;
	o->filled++;
	wake(o, false);
	pthread_mutex_unlock(&o->lock);
	int result = o->w->work(o->w->context, item_of(o, number));
	if (result != 0)
		snprintf(o->message[slot], sizeof o->message[slot], "%s", err_get());
	pthread_mutex_lock(&o->lock);
	o->result[slot] = result;
	o->state[slot] = SLOT_WORKED;
}

static void *thread_loop(void *argument)
{
	struct ordered *o = argument;
	pthread_mutex_lock(&o->lock);
	while (!o->stop) {
		if (is_ready(o) && !o->emptying) {
			hand_out(o);
		} else if (o->next_result == 1 && !o->filling && o->filled - o->emptied < o->w->n_items) {
			take_one(o);
		} else if (o->next_result != 1 && o->emptied == o->filled) {
			end(o, o->next_result == 0 ? NULL : o->next_message);
		} else {
			o->waiting++;
			pthread_cond_wait(&o->changed, &o->lock);
			o->waiting--;
		}
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

static int run_threads(struct ordered *o, int threads)
{
	pthread_t thread[256];
	int started = 0, limit = threads - 1 < 256 ? threads - 1 : 256;
	/* This one does its part: when no other starts it does all. */
	while (started < limit && pthread_create(&thread[started], NULL, thread_loop, o) == 0)
		started++;
	thread_loop(o);
	for (int i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	return o->failed ? err_set("%s", o->error) : 0;
}

static int run_alone(const struct ordered_work *w)
{
	int got;
	while ((got = w->next(w->context, w->items)) == 1) {
		TRY(w->work(w->context, w->items));
		TRY(w->done(w->context, w->items));
	}
	return got;
}

int ordered_run(const struct ordered_work *w, int threads)
{
	if (threads <= 1 || w->n_items < 2)
		return run_alone(w);
	struct ordered o = {
		.w = w, .next_result = 1,
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER,
		.state = calloc((size_t)w->n_items, sizeof *o.state),
		.result = calloc((size_t)w->n_items, sizeof *o.result),
		.message = calloc((size_t)w->n_items, sizeof *o.message),
	};
	int status = o.state != NULL && o.result != NULL && o.message != NULL ?
		run_threads(&o, threads) : err_set("out of memory");
	free(o.state);
	free(o.result);
	free(o.message);
	return status;
}
