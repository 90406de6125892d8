#include "train/feeder.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One batch trains, one waits, one is being filled. */
enum { SLOTS = 3 };

struct feeder {
	struct stream_reader *reader;
	struct feeder_param param;
	bool has_quota;
	struct feeder_item slot[SLOTS];
	struct arena record;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	long filled, taken;	/* batches made, and handed out */
	int result;	/* 1 while more may come, then 0 or -1 */
	char message[2048];
	int dropped;
	int64_t passed;
	bool end_seen;	/* the end of the data was handed out */
	bool stop;
};

static int keep_body(struct feeder_item *item, const struct stream_body *body)
{
	uint8_t *copy = arena_alloc(&item->raw, body->size);
	if (copy == NULL)
		return -1;
	memcpy(copy, body->data, body->size);
	item->bodies[item->n_bodies++] = (struct stream_body){ .data = copy, .size = body->size, .number = body->number };
	return 0;
}

/* 1: the batch wants it; 0: its source is complete in the batch; -1. */
static int is_wanted(const struct feeder *f, const struct feeder_item *item, const struct sample *s)
{
	int n = 0;
	if (f->param.n_sources == 0)
		return 1;
	if (s->input < 0 || s->input >= f->param.n_sources)
		return err_set("the sample is of no source, or of one beyond the %d that the mixture has", f->param.n_sources);
	for (int i = 0; f->has_quota && i < item->batch.n; i++)
		n += item->batch.samples[i].input == s->input;
	return !f->has_quota || n < f->param.quota[s->input];
}

static int add_record(struct feeder *f, struct feeder_item *item, const struct stream_body *body)
{
	struct sample s;
	arena_reset(&f->record);
	int wanted = sample_decode(&s, body, &f->record) != 0 || sample_check(&s, stream_reader_header(f->reader)) != 0 ? -1 :
		     is_wanted(f, item, &s);
	if (wanted == 0) {
		item->passed++;
		return 0;
	}
	if (wanted < 0 || batch_add(&item->batch, &s) != 0)
		return err_context("record %lld of %s", (long long)body->number, stream_reader_name(f->reader));
	if (item->n_bodies == 0)
		item->first_seq = s.seq;
	item->position = s.seq + 1;
	return keep_body(item, body);
}

/* 1: full, 0: the data ended before, -1. */
static int fill(struct feeder *f, struct feeder_item *item)
{
	arena_reset(&item->raw);
	item->n_bodies = 0;
	item->passed = 0;
	item->bodies = arena_calloc(&item->raw, (size_t)f->param.batch_size, sizeof *item->bodies);
	if (item->bodies == NULL || batch_begin(&item->batch, f->param.dtype, f->param.stride, f->param.batch_size) != 0)
		return -1;
	while (item->batch.n < f->param.batch_size) {
		struct stream_body body;
		/* The only place where this thread may wait for ever, and so the only one where it may be cancelled. */
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
		int got = stream_reader_next(f->reader, &body);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
		if (got == 0)
			f->dropped = item->batch.n;
		if (got != 1)
			return got;
		TRY(add_record(f, item, &body));
	}
	return batch_finish(&item->batch) == 0 ? 1 : -1;
}

static void *feed(void *argument)
{
	struct feeder *f = argument;
	int result = 1;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	while (result == 1) {
		pthread_mutex_lock(&f->lock);
		/* The slot of the batch last handed out is still read by the trainer. */
		while (!f->stop && f->filled - f->taken >= SLOTS - 1)
			pthread_cond_wait(&f->changed, &f->lock);
		bool stop = f->stop;
		pthread_mutex_unlock(&f->lock);
		if (stop)
			break;
		result = fill(f, &f->slot[f->filled % SLOTS]);
		pthread_mutex_lock(&f->lock);
		if (result == 1)
			f->filled++;
		else
			snprintf(f->message, sizeof f->message, "%s", err_get());
		f->result = result;
		pthread_cond_broadcast(&f->changed);
		pthread_mutex_unlock(&f->lock);
	}
	return NULL;
}

static void release(struct feeder *f)
{
	for (int i = 0; i < SLOTS; i++) {
		batch_release(&f->slot[i].batch);
		arena_release(&f->slot[i].raw);
	}
	arena_release(&f->record);
	free(f);
}

struct feeder *feeder_start(struct stream_reader *r, const struct feeder_param *p)
{
	struct feeder *f = calloc(1, sizeof *f);
	if (f == NULL)
		return err_null("out of memory");
	*f = (struct feeder){
		.reader = r, .param = *p, .result = 1,
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER,
	};
	for (int i = 0; i < p->n_sources; i++)
		f->has_quota |= p->quota[i] > 0;
	arena_init(&f->record, 1 << 16);
	for (int i = 0; i < SLOTS; i++) {
		batch_init(&f->slot[i].batch);
		arena_init(&f->slot[i].raw, 4 << 20);
	}
	/* Signals are for the main thread, whose waits they end. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	int failed = pthread_create(&f->thread, NULL, feed, f);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed == 0)
		return f;
	release(f);
	return err_null("cannot start a thread: %s", strerror(failed));
}

static void wait_a_little(struct feeder *f)
{
	/* A signal handler cannot wake a condition, so its flag is looked at ten times a second. */
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 100000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&f->changed, &f->lock, &until);
}

int feeder_next(struct feeder *f, struct feeder_item **item, const volatile sig_atomic_t *stop)
{
	pthread_mutex_lock(&f->lock);
	while (f->taken == f->filled && f->result == 1 && !*stop)
		wait_a_little(f);
	int got = *stop ? 0 : f->taken < f->filled ? 1 : f->result;
	f->end_seen |= f->taken == f->filled && f->result == 0;
	if (got == 1) {
		*item = &f->slot[f->taken++ % SLOTS];
		f->passed += (*item)->passed;
	}
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	return got == -1 ? err_set("%s", f->message) : got;
}

int feeder_dropped(const struct feeder *f)
{
	/* The thread reads ahead: what it met beyond the run's last step is no loss of the run. */
	return f->end_seen ? f->dropped : 0;
}

int64_t feeder_passed(const struct feeder *f)
{
	return f->passed;
}

void feeder_stop(struct feeder *f)
{
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	pthread_cancel(f->thread);
	pthread_join(f->thread, NULL);
	release(f);
}
