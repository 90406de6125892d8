/* A stream through augment_run(): memory does not grow with its length, rejects are told, the first error wins. */
#include "augment/augment_run.h"
#include "base/rng.h"
#include "image/codec.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;
static char path[] = "/tmp/augment_run.XXXXXX";

/* n images of one of four sizes; every `bad`-th has lost its end (0: none). */
static void write_stream(int n, int bad)
{
	struct category category = { .id = 1, .name = "thing" };
	struct stream_header header = { .kind = "sample", .n_categories = 1, .categories = &category, .planned = n };
	struct stream_writer w;
	struct rng g = rng_make(1);
	const float boxes[8] = { 1, 2, 30, 40, 200, 100, 220, 140 };
	const int32_t labels[2] = { 0, 0 };
	if (stream_writer_open(&w, path, &header) != 0)
		abort();
	for (int i = 0; i < n; i++) {
		struct sample s;
		struct tensor image;
		uint8_t *bytes;
		arena_reset(&arena);
		sample_init(&s);
		s.orig_w = 240 + i % 4;
		s.orig_h = 160;
		if (tensor_new(&image, &arena, DTYPE_U8, 3, (int64_t[]){ s.orig_h, s.orig_w, 3 }) != 0)
			abort();
		memset(image.data, (int)rng_below(&g, 256), tensor_bytes(&image));
		if (jpeg_encode(&bytes, &s.encoded_size, &image, 90, &arena) != 0)
			abort();
		s.encoded = bytes;
		if (bad > 0 && i % bad == bad - 1)
			s.encoded_size -= 2;
		s.id.number = s.seq = i;
		s.n = 2;
		s.boxes = boxes;
		s.labels = labels;
		if (sample_write(&w, &s, &arena) != 0)
			abort();
	}
	if (stream_writer_close(&w, NULL) != 0)
		abort();
}

static int told;

static void say(const char *text)
{
	told += strstr(text, "end marker") != NULL;
}

/* Run over the file; the status of augment_run(). */
static int run_over(struct augment_run *run, int threads)
{
	struct stream_reader r;
	struct stream_writer w;
	struct stream_header header = { .kind = "sample" };
	arena_reset(&arena);
	*run = (struct augment_run){ .reader = &r, .writer = &w, .threads = threads, .views = 1, .skip_bad = run->skip_bad, .say = say };
	run->param = (struct augment_param){ .scheme = augment_scheme_find("1"), .w = 100, .h = 100,
					     .jitter_low = 1, .jitter_high = 3 };
	if (stream_reader_open(&r, path, NULL) != 0 || stream_writer_open(&w, "/dev/null", &header) != 0)
		abort();
	int status = augment_run(run, &arena);
	if (status == 0 && stream_writer_close(&w, &run->trailer) != 0)
		abort();
	if (status != 0)
		stream_writer_abandon(&w);
	stream_reader_close(&r);
	return status;
}

static void test_memory(void)
{
	struct augment_run few = { 0 }, many = { 0 };
	write_stream(16, 0);
	if (run_over(&few, 1) != 0)
		abort();
	write_stream(160, 0);
	if (run_over(&many, 1) != 0)
		abort();
	ok(few.trailer.in.records == 16 && many.trailer.in.records == 160 && many.trailer.in.objects == 320,
	   "16 and 160 records");
	ok(few.mallocs > 0 && many.mallocs == few.mallocs, "both asked for memory %llu times",
	   (unsigned long long)many.mallocs);
	is_int(many.trailer.rejects[0].count.objects, many.loss.outside, "objects that were cut away are in the trailer");
	ok(many.loss.outside > 20 && many.loss.outside < 300, "and there are some: %lld", (long long)many.loss.outside);
}

static void test_damage(void)
{
	struct augment_run run = { .skip_bad = true };
	write_stream(30, 10);
	is_int(run_over(&run, 3), 0, "damaged images are left out when asked");
	int64_t records = 0;
	for (int i = 0; i < run.trailer.n_rejects; i++)
		records += run.trailer.rejects[i].count.records;
	ok(records == 3 && told == 3 && run.trailer.in.records == 30, "three of thirty, each told about");
	run.skip_bad = false;
	for (int threads = 1; threads <= 4; threads += 3)
		ok(run_over(&run, threads) != 0 && strstr(err_get(), "record 9 ") != NULL,
		   "otherwise the first one is the error, with %d threads: %s", threads, err_get());
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	int fd = mkstemp(path);
	if (fd < 0)
		return 1;
	close(fd);
	test_memory();
	test_damage();
	unlink(path);
	arena_release(&arena);
	return tap_done();
}
