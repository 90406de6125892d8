/*
 * Positions of a run: whatever the number of readers, where they start and in which order, each position is written once,
 * by the reader it belongs to, with the image that a run without all that has there.
 */
#include "coco/pack_run.h"
#include "stream/pack.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { MOST = 4000 };

/* What was written, in order. */
struct log {
	int64_t n;
	int64_t seq[MOST], image[MOST], epoch[MOST];
};

static int load(const struct dataset *d, struct dataset_record *r)
{
	(void)d;
	r->sample.id.number = r->index;
	return 0;
}

static int prepare(void *context, struct dataset_record *r, void **prepared)
{
	(void)context;
	*prepared = r;
	return 0;
}

static int put(void *context, struct dataset_record *r, void *prepared)
{
	struct log *log = context;
	if (prepared != r || log->n == MOST)
		return err_set("too many records");
	log->seq[log->n] = r->sample.seq;
	log->image[log->n] = r->sample.id.number;
	log->epoch[log->n++] = r->sample.epoch;
	return 0;
}

static int finish(void *context, const struct stream_trailer *trailer)
{
	(void)context;
	(void)trailer;
	return 0;
}

static void abandon(void *context)
{
	(void)context;
}

static const struct dataset_kind kind = { .name = "test", .load = load };

static void make_dataset(struct dataset *d, int64_t n)
{
	*d = (struct dataset){ .kind = &kind, .path = "test", .name = "test", .n = n };
	arena_init(&d->arena, 1 << 14);
	d->id_hash = arena_calloc(&d->arena, (size_t)n, sizeof *d->id_hash);
	d->n_objects = arena_calloc(&d->arena, (size_t)n, sizeof *d->n_objects);
	for (int64_t i = 0; i < n; i++)
		d->id_hash[i] = pack_id_hash_number(i);
}

static int run(struct log *log, int64_t n, const struct pack_options *o, struct stream_trailer *trailer)
{
	const struct pack_sink sink = { log, prepare, put, finish, abandon, false };
	struct pack_result result = { .clipped = 0 };
	struct dataset d;
	struct sampler sampler;
	struct pack_options own = *o;
	make_dataset(&d, n);
	log->n = 0;
	own.ready = &sampler;
	int status = sampler_init(&sampler, &d, &o->sampler);
	if (status == 0)
		status = pack_run(&result, &d, &own, &sink);
	*trailer = result.trailer;
	arena_release(&d.arena);
	return status;
}

static struct pack_options make_options(int64_t epochs, bool shuffle, uint64_t seed)
{
	return (struct pack_options){ .threads = 1, .sampler = { .shuffle = shuffle, .seed = seed, .epochs = epochs, .count = -1,
								  .selection.fraction = 1, .parts = 1 } };
}

/* Each epoch of the whole run has each image once; shuffled ones have orders of their own. */
static int check_whole(const struct log *whole, int64_t n, int64_t epochs, bool shuffle)
{
	int bad = whole->n != n * epochs;
	for (int64_t e = 0; e < epochs && !bad; e++) {
		bool seen[MOST] = { false };
		int64_t moved = 0, as_before = 0;
		for (int64_t i = 0; i < n; i++) {
			int64_t k = e * n + i;
			bad += whole->seq[k] != k || whole->epoch[k] != e || seen[whole->image[k]];
			seen[whole->image[k]] = true;
			moved += whole->image[k] != i;
			as_before += e > 0 && whole->image[k] == whole->image[k - n];
		}
		bad += shuffle ? n > 20 && (moved < n / 2 || as_before > n / 2) : moved > 0;
	}
	return bad;
}

/* Readers of `parts` from `start` on: what[seq] becomes true where one wrote it; anything wrong is counted. */
static int read_parts(const struct log *whole, int64_t n, const struct pack_options *base, int64_t parts, int64_t start,
		      int64_t most, bool what[MOST])
{
	static struct log log;
	struct stream_trailer t;
	int bad = 0;
	for (int64_t part = 0; part < parts; part++) {
		struct pack_options o = *base;
		int64_t sizes[64] = { 0 };
		o.sampler.part = part;
		o.sampler.parts = parts;
		o.start = start;
		o.threads = 1 + (int)(part % 3);
		bad += run(&log, n, &o, &t) != 0;
		bad += t.in.records != t.out.records + t.deselected.records || t.out.records != log.n;
		for (int64_t i = 0; i < log.n && i < most; i++) {
			int64_t seq = log.seq[i];
			bad += seq < start || seq % parts != part || what[seq] || (i > 0 && seq != log.seq[i - 1] + parts);
			bad += log.image[i] != whole->image[seq] || log.epoch[i] != whole->epoch[seq];
			what[seq] = true;
		}
		/* Of each epoch that is all there, any reader has n / parts records, or one more. */
		for (int64_t i = 0; i < log.n; i++)
			sizes[log.epoch[i]]++;
		for (int64_t e = (start + n - 1) / n; e < base->sampler.epochs && most == MOST; e++)
			bad += sizes[e] != n / parts && (sizes[e] != n / parts + 1 || n % parts == 0);
	}
	return bad;
}

static int64_t count_from(const bool what[MOST], int64_t start, int64_t end)
{
	int64_t n = 0;
	for (int64_t i = 0; i < MOST; i++)
		n += what[i] == (i >= start && i < end);
	return n;
}

/* Some readers take k records each and stop; others, of another number, go on where those were. */
static int check_resume(const struct log *whole, int64_t n, const struct pack_options *base, int64_t parts, int64_t other)
{
	int bad = 0;
	for (int64_t k = 0; k * parts <= whole->n; k += 1 + whole->n / parts / 3) {
		bool what[MOST] = { false };
		bad += read_parts(whole, n, base, parts, 0, k, what);
		bad += count_from(what, 0, k * parts) != MOST;
		bad += read_parts(whole, n, base, other, k * parts, MOST, what);
		bad += count_from(what, 0, whole->n) != MOST;
	}
	return bad;
}

static void test_all(bool shuffle)
{
	static const int64_t images[] = { 1, 2, 3, 7, 16, 61, 250 }, readers[] = { 1, 2, 3, 4, 5, 8, 13, 64 };
	static struct log whole;
	struct stream_trailer t;
	int bad_whole = 0, bad_parts = 0, bad_resume = 0, tried = 0;
	for (size_t i = 0; i < sizeof images / sizeof *images; i++)
		for (int64_t epochs = 1; epochs <= 3; epochs++) {
			int64_t n = images[i];
			struct pack_options o = make_options(epochs, shuffle, (uint64_t)n * 31 + (uint64_t)epochs);
			bad_whole += run(&whole, n, &o, &t) != 0 || check_whole(&whole, n, epochs, shuffle) != 0;
			for (size_t k = 0; k < sizeof readers / sizeof *readers; k++) {
				const int64_t starts[] = { 0, 1, n / 2, n - 1, n, n + 1, whole.n - 1, whole.n };
				for (size_t j = 0; j < sizeof starts / sizeof *starts; j++, tried++) {
					bool what[MOST] = { false };
					if (starts[j] > whole.n)
						continue;
					bad_parts += read_parts(&whole, n, &o, readers[k], starts[j], MOST, what);
					bad_parts += count_from(what, starts[j], whole.n) != MOST;
				}
				bad_resume += check_resume(&whole, n, &o, readers[k], readers[(k * 3 + 1) % 8]);
			}
		}
	const char *how = shuffle ? "shuffled" : "in order";
	ok(bad_whole == 0, "%s: every epoch has every image once", how);
	ok(bad_parts == 0 && tried > 500, "%s: readers of any number, from any position, share it without gaps or doubles", how);
	ok(bad_resume == 0, "%s: a run that some readers began others end", how);
}

int main(void)
{
	test_all(false);
	test_all(true);
	return tap_done();
}
