/* Writes that fail, at any point: the error is reported, stays, and no file appears. */
#include "record/sample.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/stream-faults-XXXXXX";

static int write_all(const char *path, int records, size_t image, struct arena *a)
{
	struct stream_header h = { .kind = "sample", .planned = -1 };
	struct stream_writer w;
	struct sample s;
	arena_reset(a);
	uint8_t *bytes = arena_calloc(a, image, 1);
	if (bytes == NULL || stream_writer_open(&w, path, &h) != 0)
		return -1;
	sample_init(&s);
	s.encoded = bytes, s.encoded_size = image;
	int status = 0;
	/* Puts go on after an error: the writer is sticky, and close reports it. */
	for (int i = 0; i < records; i++)
		status |= sample_write(&w, &s, a);
	return stream_writer_close(&w, NULL) | status;
}

static bool exists(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0;
}

/* The disk is full after `limit` bytes, for every limit until it all fits. */
static void test_full_disk(const char *name, struct arena *a)
{
	struct rlimit old, limit;
	char path[128];
	int bad = 0, tried = 0, status = -1;
	snprintf(path, sizeof path, "%s/%s", directory, name);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	for (rlim_t bytes = 0; status != 0 && bytes < 8192; bytes += 7) {
		limit.rlim_cur = bytes;
		setrlimit(RLIMIT_FSIZE, &limit);
		err_set("no message");
		status = write_all(path, 3, 100, a);
		setrlimit(RLIMIT_FSIZE, &old);
		tried++;
		if (status != 0)
			bad += strstr(err_get(), "cannot write") == NULL || strstr(err_get(), path) == NULL || exists(path);
	}
	ok(status == 0 && exists(path), "%s is written once the disk is large enough", name);
	ok(bad == 0 && tried > 10, "%s: each of %d smaller disks is an error that names it, and leaves no file", name,
	   tried - 1);
	unlink(path);
}

/* The reader of a pipe goes away after n records. */
static void test_closed_pipe(int n, struct arena *a)
{
	struct stream_header h = { .kind = "sample", .planned = -1 };
	struct stream_writer w;
	struct sample s;
	char path[64], message[2048];
	int ends[2], status = 0;
	if (pipe(ends) != 0)
		return;
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
	sample_init(&s);
	if (!ok(stream_writer_open(&w, path, &h) == 0, "a pipe opens"))
		return;
	for (int i = 0; i < n; i++)
		status |= sample_write(&w, &s, a);
	close(ends[0]);
	is_int(status, 0, "records go into the pipe");
	is_int(sample_write(&w, &s, a), -1, "the next one fails after its reader went away");
	snprintf(message, sizeof message, "%s", err_get());
	ok(strstr(message, "Broken pipe") != NULL && strstr(message, "record ") != NULL, "and says so: %s", message);
	err_set("something else");
	is_int(stream_writer_close(&w, NULL), -1, "close fails too");
	is_text(err_get(), message, "with the same message");
	close(ends[1]);
}

/* Each record can be read as soon as it was put. */
static void test_prompt(struct arena *a)
{
	struct stream_header h = { .kind = "sample", .planned = -1 };
	struct stream_writer w;
	struct stream_reader r;
	struct sample s, got;
	char in[64], out[64];
	int ends[2], bad = 0;
	if (pipe(ends) != 0)
		return;
	snprintf(in, sizeof in, "/proc/self/fd/%d", ends[0]);
	snprintf(out, sizeof out, "/proc/self/fd/%d", ends[1]);
	ok(stream_writer_open(&w, out, &h) == 0 && stream_reader_open(&r, in, NULL) == 0, "a pipe to ourselves opens");
	close(ends[0]);
	close(ends[1]);
	alarm(20);	/* a reader that waits for more than the record would wait for ever */
	for (int i = 0; i < 5; i++) {
		sample_init(&s);
		s.seq = i;
		bad += sample_write(&w, &s, a) != 0 || sample_read(&got, &r, a) != 1 || got.seq != i;
	}
	alarm(0);
	is_int(bad, 0, "every record arrives before the next is written");
	is_int(stream_writer_close(&w, NULL), 0, "the stream ends");
	is_int(sample_read(&got, &r, a), 0, "and the reader sees it");
	stream_reader_close(&r);
}

/* After the first records nothing is allocated, whatever follows that is no larger. */
static void test_no_allocation(struct arena *a)
{
	struct stream_reader r;
	struct sample s;
	char path[128];
	uint64_t warm = 0;
	int n = 0;
	snprintf(path, sizeof path, "%s/many", directory);
	ok(write_all(path, 100, 3000000 / 100, a) == 0, "100 samples are written");
	ok(stream_reader_open(&r, path, NULL) == 0, "and opened");
	for (arena_release(a); sample_read(&s, &r, a) == 1; arena_reset(a), n++)
		if (n == 1)
			warm = a->mallocs;
	ok(n == 100 && a->mallocs == warm, "the arena allocates nothing after the first record");
	stream_reader_close(&r);
	unlink(path);
}

int main(void)
{
	struct arena a;
	arena_init(&a, 1 << 14);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(directory) == NULL)
		return tap_skip_all("no temporary directory");
	test_full_disk("x.stream", &a);
	test_full_disk("x.pack", &a);
	test_closed_pipe(0, &a);
	test_closed_pipe(3, &a);
	test_prompt(&a);
	test_no_allocation(&a);
	rmdir(directory);
	arena_release(&a);
	return tap_done();
}
