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

enum slot_state { SLOT_EMPTY, SLOT_FILLED, SLOT_BUSY, SLOT_WORKED };

/* Slots are a ring: filled, worked and done in the same order; `work` may overlap. */
struct ordered {
	const struct ordered_work *w;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum slot_state *state;
	int *result;
	char (*message)[1024];	/* why work() failed, by slot */
	long filled, taken;	/* items handed out by next(), and to workers */
	int next_result;	/* 1 while there may be more */
	char next_message[1024];
	int stop;
};

static void *item_of(const struct ordered *o, long number)
{
	return (char *)o->w->items + (size_t)(number % o->w->n_items) * o->w->item_size;
}

static void *read_loop(void *argument)
{
	struct ordered *o = argument;
	for (;;) {
		pthread_mutex_lock(&o->lock);
		long slot = o->filled % o->w->n_items;
		while (!o->stop && o->state[slot] != SLOT_EMPTY)
			pthread_cond_wait(&o->changed, &o->lock);
		int stop = o->stop;
		pthread_mutex_unlock(&o->lock);
		if (stop)
			return NULL;
		int got = o->w->next(o->w->context, item_of(o, o->filled));
		pthread_mutex_lock(&o->lock);
		if (got == 1) {
			o->state[slot] = SLOT_FILLED;
			o->filled++;
		} else {
			o->next_result = got;
			snprintf(o->next_message, sizeof o->next_message, "%s", err_get());
		}
		pthread_cond_broadcast(&o->changed);
		pthread_mutex_unlock(&o->lock);
		if (got != 1)
			return NULL;
	}
}

static void *work_loop(void *argument)
{
	struct ordered *o = argument;
	pthread_mutex_lock(&o->lock);
	for (;;) {
		while (!o->stop && o->taken == o->filled && o->next_result == 1)
			pthread_cond_wait(&o->changed, &o->lock);
		if (o->stop || o->taken == o->filled)
			break;
		long number = o->taken++;
		long slot = number % o->w->n_items;
		o->state[slot] = SLOT_BUSY;
		pthread_mutex_unlock(&o->lock);
		int result = o->w->work(o->w->context, item_of(o, number));
		if (result != 0)
			snprintf(o->message[slot], sizeof o->message[slot], "%s", err_get());
		pthread_mutex_lock(&o->lock);
		o->result[slot] = result;
		o->state[slot] = SLOT_WORKED;
		pthread_cond_broadcast(&o->changed);
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

static int emit_loop(struct ordered *o)
{
	for (long number = 0;; number++) {
		long slot = number % o->w->n_items;
		pthread_mutex_lock(&o->lock);
		while (o->state[slot] != SLOT_WORKED && (o->next_result == 1 || number < o->filled))
			pthread_cond_wait(&o->changed, &o->lock);
		bool worked = o->state[slot] == SLOT_WORKED;
		pthread_mutex_unlock(&o->lock);
		if (!worked)
			return o->next_result == 0 ? 0 : err_set("%s", o->next_message);
		if (o->result[slot] != 0)
			return err_set("%s", o->message[slot]);
		TRY(o->w->done(o->w->context, item_of(o, number)));
		pthread_mutex_lock(&o->lock);
		o->state[slot] = SLOT_EMPTY;
		pthread_cond_broadcast(&o->changed);
		pthread_mutex_unlock(&o->lock);
	}
}

static int run_threads(struct ordered *o, int workers)
{
	pthread_t thread[257];
	int limit = workers + 1 < 257 ? workers + 1 : 257, started = 0;
	bool failed = false;
	while (started < limit && !failed) {
		failed = pthread_create(&thread[started], NULL, started == 0 ? read_loop : work_loop, o) != 0;
		started += !failed;
	}
	/* A reader and one worker are enough to go on with. */
	int status = started >= 2 ? emit_loop(o) : err_set("cannot start threads");
	pthread_mutex_lock(&o->lock);
	o->stop = 1;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
	for (int i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	return status;
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
