/* Random access: every record of a pack in any order is the one that was put. */
#include "base/io.h"
#include "stream/emit.h"
#include "stream/frame.h"
#include "stream/pack.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

enum { RECORDS = 400 };

static char directory[] = "/tmp/pack-XXXXXX";

/* Record i: small ones that share zstd frames, and every 50th a long one. */
static bool make_record(struct emitter *e, int i, struct arena *a)
{
	size_t size = i % 50 == 7 ? 700000 : (size_t)(i * 37) % 3000;
	uint8_t *bytes = arena_alloc(a, size);
	uint64_t x = (uint64_t)i + 1;
	for (size_t k = 0; bytes != NULL && k < size; k++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		bytes[k] = (uint8_t)(x >> 56);
	}
	emit_begin(e, a, 0);
	emit_map(e, 2);
	emit_text(e, "payload");
	emit_bytes(e, bytes, size);
	emit_text(e, "id");
	if (i % 2 == 0)
		emit_int(e, i);
	else
		emit_text(e, i % 3 == 0 ? "three" : "odd");
	return emit_end(e) == 0;
}

static bool write_pack(const char *path, struct arena *a)
{
	struct stream_header h = { .kind = "test", .planned = RECORDS };
	struct stream_writer w;
	struct emitter e;
	if (stream_writer_open(&w, path, &h) != 0)
		return false;
	for (int i = 0; i < RECORDS; i++) {
		arena_reset(a);
		if (!make_record(&e, i, a) || stream_writer_put(&w, e.data, e.size, i % 5) != 0)
			return false;
	}
	return stream_writer_close(&w, NULL) == 0;
}

/* The same pack, by stream_writer_prepare() in many threads, in any order. */
static bool write_prepared(const char *path, struct arena *a)
{
	static struct stream_part part[RECORDS];
	static struct arena own[RECORDS];
	struct stream_header h = { .kind = "test", .planned = RECORDS };
	struct stream_writer w;
	int bad = 0;
	if (stream_writer_open(&w, path, &h) != 0)
		return false;
	arena_reset(a);
#pragma omp parallel for num_threads(4) schedule(dynamic, 1) reduction(+ : bad)
	for (int k = 0; k < RECORDS; k++) {
		int i = RECORDS - 1 - k;
		struct emitter e;
		arena_init(&own[i], 1 << 12);
		bad += !make_record(&e, i, &own[i]) || stream_writer_prepare(&part[i], &w, e.data, e.size, &own[i]) != 0;
	}
	for (int i = 0; i < RECORDS; i++)
		bad += stream_writer_put_part(&w, &part[i], i % 5) != 0;
	bad += stream_writer_close(&w, NULL) != 0;
	for (int i = 0; i < RECORDS; i++)
		arena_release(&own[i]);
	return bad == 0;
}

static void test_prepared(const char *path, struct arena *a)
{
	char other[64];
	uint8_t *data, *again;
	size_t size, size_again;
	snprintf(other, sizeof other, "%s/y.pack", directory);
	ok(write_prepared(other, a), "records are made ready in four threads");
	arena_reset(a);
	ok(io_read_file(path, &data, &size, a) == 0 && io_read_file(other, &again, &size_again, a) == 0 &&
	   size == size_again && memcmp(data, again, size) == 0, "the pack is the same, byte by byte");
	unlink(other);
}

/* Cursors in four threads at once, each record by another one than its neighbour. */
static void test_cursors(const struct pack *p)
{
	int bad = 0;
#pragma omp parallel num_threads(4) reduction(+ : bad)
	{
		struct pack_cursor c;
		struct arena a;
		arena_init(&a, 1 << 12);
		bad += pack_cursor_open(&c, p) != 0;
#pragma omp for schedule(static, 1)
		for (int i = 0; i < 2 * RECORDS; i++) {
			struct stream_body body;
			struct emitter e;
			arena_reset(&a);
			bad += !make_record(&e, i % RECORDS, &a) || pack_cursor_read(&c, i % RECORDS, &body, &a) != 0 ||
			       body.number != i % RECORDS || body.size != e.size || memcmp(body.data, e.data, e.size) != 0;
		}
		pack_cursor_close(&c);
		arena_release(&a);
	}
	is_int(bad, 0, "four cursors read at once what was put");
}

/* What shares a zstd frame and what has its own. */
static void test_frames(const struct pack *p)
{
	int bad = 0, shared = 0;
	for (int i = 1; i < RECORDS; i++) {
		const struct pack_entry *e = pack_entry(p, i), *before = pack_entry(p, i - 1);
		bool same = e->zstd_frame == before->zstd_frame;
		uint64_t first = before->offset;
		for (int k = i - 1; k > 0 && pack_entry(p, k - 1)->zstd_frame == before->zstd_frame; k--)
			first = pack_entry(p, k - 1)->offset;
		bad += same != (e->offset + FRAME_SIZE + e->size - first <= 4096);
		bad += !same && e->zstd_frame != before->zstd_frame + 1;
		shared += same;
	}
	ok(bad == 0 && shared > 10, "records share a zstd frame up to 4 KiB, longer ones have their own");
}

static void test_any_order(struct pack *p, struct arena *a)
{
	int bad = 0, unaligned = 0;
	for (int k = 0; k < 2 * RECORDS; k++) {
		int i = k < RECORDS ? (k * 173 + 5) % RECORDS : k - RECORDS;
		struct stream_body body;
		struct emitter e;
		arena_reset(a);
		if (!make_record(&e, i, a) || pack_read(p, i, &body) != 0) {
			bad++;
			continue;
		}
		bad += body.number != i || body.size != e.size || memcmp(body.data, e.data, e.size) != 0;
		unaligned += (uintptr_t)body.data % 64 != 0;
	}
	is_int(bad, 0, "records read in any order and in order are those that were put");
	is_int(unaligned, 0, "and aligned");
}

static void test_entries(struct pack *p, const char *path, struct arena *a)
{
	struct stream_reader r;
	struct stream_body body;
	uint64_t offset = 0;
	int bad = 0, got;
	if (!ok(stream_reader_open(&r, path, NULL) == 0, "the pack opens as a stream"))
		return;
	while ((got = stream_reader_next(&r, &body)) == 1) {
		const struct pack_entry *e = pack_entry(p, body.number);
		int i = (int)body.number;
		const char *text = i % 3 == 0 ? "three" : "odd";
		uint64_t hash = i % 2 == 0 ? pack_id_hash_number(i) : pack_id_hash_text(text, strlen(text));
		bad += e->size != body.size || e->objects != (uint32_t)(i % 5) || e->id_hash != hash;
		if (i > 0)
			bad += e->offset != offset;
		offset = e->offset + FRAME_SIZE + e->size;
	}
	is_int(got, 0, "it reads to its end");
	is_int(bad, 0, "the index says offset, size, objects and id of each record");
	is_int(stream_reader_trailer(&r)->out.records, RECORDS, "the trailer counts them");
	stream_reader_close(&r);
	arena_reset(a);
}

int main(void)
{
	struct arena a;
	struct pack p;
	struct stream_body body;
	char path[64];
	int64_t five = 5;
	arena_init(&a, 1 << 20);
	if (mkdtemp(directory) == NULL)
		return tap_skip_all("no temporary directory");
	snprintf(path, sizeof path, "%s/x.pack", directory);
	ok(write_pack(path, &a), "a pack is written");
	ok(pack_is(path) && !pack_is(directory) && !pack_is("/dev/null"), "and known as one");
	if (ok(pack_open(&p, path, NULL) == 0, "and opened")) {
		is_int(pack_count(&p), RECORDS, "it has all records");
		is_text(pack_header(&p)->kind, "test", "and the header");
		const struct stream_trailer *t = pack_trailer(&p);
		ok(t != NULL && t->out.records == RECORDS && t->out.objects == 2 * RECORDS, "and the trailer");
		test_any_order(&p, &a);
		test_cursors(&p);
		test_frames(&p);
		test_prepared(path, &a);
		test_entries(&p, path, &a);
		ok(pack_read(&p, RECORDS, &body) == -1 && strstr(err_get(), "no record 400") != NULL,
		   "a record that is not there is an error");
		pack_close(&p);
	}
	ok(pack_id_hash_number(5) == XXH3_64bits_withSeed(&five, 8, 1), "an integer's id hash is XXH3-64 with seed 1");
	ok(pack_open(&p, "/dev/null", NULL) == -1 && strstr(err_get(), "index of '/dev/null'") != NULL,
	   "what is no pack is an error");
	unlink(path);
	rmdir(directory);
	arena_release(&a);
	return tap_done();
}
