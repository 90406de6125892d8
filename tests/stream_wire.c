/* Bodies made to hurt: each is refused for the right reason, without taking memory for what it claims. */
#include "stream/emit.h"
#include "stream/frame.h"
#include "stream/stream.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct refused {
	const char *name;
	const char *bytes;
	size_t size;
	const char *reason;
} refused[] = {
#define BODY(text) text, sizeof text - 1
	{ "nothing", BODY(""), "wants 1 more" },
	{ "no map", BODY("\x01"), "not a map but an integer" },
	{ "a map of more pairs than bytes", BODY("\xdf\xff\xff\xff\xff\x01"), "wants 8589934590 more bytes, 1 are left" },
	{ "an array of more elements than bytes", BODY("\x81\xa1k\xdd\xff\xff\xff\xff"), "wants 4294967295 more" },
	{ "an array that is one short", BODY("\x81\xa1k\x92\x01"), "wants 2 more bytes, 1 are left" },
	{ "text past the end", BODY("\x81\xa1k\xdb\x7f\xff\xff\xff" "abc"), "wants 2147483647 more bytes, 3" },
	{ "bytes past the end", BODY("\x81\xa1k\xc4\x05" "abcd"), "wants 5 more bytes, 4" },
	{ "a number cut", BODY("\x81\xa1k\xcb\x01\x02\x03"), "wants 8 more bytes, 3" },
	{ "a length cut", BODY("\x81\xa1k\xc9\x01\x02"), "wants 4 more bytes, 2" },
	{ "a key that is no text", BODY("\x81\x01\x02"), "a key is not text but an integer" },
	{ "the byte without meaning", BODY("\x81\xa1k\xc1"), "0xc1" },
	{ "bytes after the map", BODY("\x80\x80"), "1 bytes after the end" },
	{ "nesting of 17", BODY("\x81\xa1k\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01"),
	  "nested deeper than 16" },
	{ "a tensor without a head", BODY("\x81\xa1k\xc7\x02\x04\x01\x01"), "2 bytes are no tensor" },
	{ "a tensor of no dtype", BODY("\x81\xa1k\xc7\x04\x04\x09\x00\x00\x00"), "dtype 9" },
	{ "a tensor of rank 7", BODY("\x81\xa1k\xc7\x04\x04\x01\x07\x00\x00"), "rank 7" },
	{ "a tensor whose rank is past the end", BODY("\x81\xa1k\xc7\x04\x04\x01\x02\x00\x00"), "too few for rank 2" },
	{ "a tensor of more elements than bytes", BODY("\x81\xa1k\xc7\x08\x04\x04\x01\x00\x00\xff\xff\xff\xff"),
	  "wants 17179869180 bytes, it has 0" },
	{ "a tensor whose size overflows to 0",
	  BODY("\x81\xa1k\xc7\x10\x04\x01\x03\x00\x00\x00\x00\x00\x80\x00\x00\x00\x80\x00\x00\x00\x04"), "too large" },
	{ "a tensor that is not aligned", BODY("\x81\xa1k\xc7\x04\x04\x01\x00\x00\x00"), "wants 1 bytes, it has 0" },
	{ "a tensor that is not aligned", BODY("\x81\xa1k\xc7\x05\x04\x01\x00\x00\x00\x2a"), "not aligned to 64" },
	{ "a tensor with dirty padding", BODY("\x81\xa1k\xc7\x06\x04\x01\x00\x01\x00\x07\x2a"), "padding is not zero" },
};

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		const struct refused *r = &refused[i];
		/* A copy of its own size, so that the address sanitizer sees a read past its end. */
		uint8_t *bytes = malloc(r->size + (r->size == 0));
		memcpy(bytes, r->bytes, r->size);
		err_set("accepted");
		int status = wire_check(bytes, r->size);
		ok(status == -1 && strstr(err_get(), r->reason) != NULL, "%s is refused", r->name);
		if (strstr(err_get(), r->reason) == NULL)
			printf("# %s\n", err_get());
		free(bytes);
	}
	ok(wire_check("\x81\xa1k\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01", 19) == 0,
	   "nesting of 16 is accepted");
}

static void test_numbers(void)
{
	static const char body[] = "\x9a\xff\x7f\xcc\xff\xcd\x01\x02\xcf\xff\xff\xff\xff\xff\xff\xff\xff"
				   "\xd0\x80\xd1\xff\xfe\xd2\x80\x00\x00\x00\xd3\x80\x00\x00\x00\x00\x00\x00\x00"
				   "\xca\x3f\x00\x00\x00";
	static const int64_t want[] = { -1, 127, 255, 258, -1, -128, -2, INT32_MIN, INT64_MIN };
	struct wire_cursor c = wire_cursor(body, sizeof body - 1);
	struct wire_item item;
	int bad = wire_next(&c, &item) != 0 || item.size != 10;
	for (int i = 0; i < 9; i++)
		bad += wire_next(&c, &item) != 0 || item.type != WIRE_INT || item.integer != want[i] ||
		       item.above != (i == 4);
	bad += wire_next(&c, &item) != 0 || item.type != WIRE_FLOAT || item.number != 0.5;
	is_int(bad, 0, "integers of all widths and a short float have their values");
}

/* A header, then a frame that claims 900 MiB and has 100 bytes. */
static void test_claimed_length(void)
{
	struct stream_header h = { .kind = "test", .planned = -1 };
	struct stream_writer w;
	struct stream_reader r;
	struct stream_body body;
	struct rusage before, after;
	uint8_t bytes[FRAME_SIZE + 100] = { 0xd8, WIRE_FRAME_RECORD };
	uint64_t claimed = 900 << 20;
	char path[64] = "/tmp/stream-wire-XXXXXX";
	int fd = mkstemp(path);
	memcpy(bytes + 2, &claimed, 8);
	bool written = fd >= 0 && stream_writer_open(&w, path, &h) == 0 && stream_writer_close(&w, NULL) == 0;
	/* The trailer gives way to the frame that lies. */
	int out = open(path, O_RDWR);
	uint8_t head[256];
	ssize_t n = pread(out, head, sizeof head, 0);
	uint64_t header_size = 0;
	memcpy(&header_size, head + 2, 8);
	written = written && n > 0 && ftruncate(out, FRAME_SIZE + (off_t)header_size) == 0 &&
		  pwrite(out, bytes, sizeof bytes, FRAME_SIZE + (off_t)header_size) == sizeof bytes;
	ok(written && stream_reader_open(&r, path, NULL) == 0, "a stream with a frame that lies opens");
	getrusage(RUSAGE_SELF, &before);
	is_int(stream_reader_next(&r, &body), -1, "its record is an error");
	getrusage(RUSAGE_SELF, &after);
	ok(strstr(err_get(), "after 100 of 943718400 bytes") != NULL, "that says what is missing");
	ok(after.ru_maxrss - before.ru_maxrss < 16 << 10, "and memory was not taken for it");
	stream_reader_close(&r);
	close(out);
	close(fd);
	unlink(path);
}

int main(void)
{
	test_refused();
	test_numbers();
	test_claimed_length();
	return tap_done();
}
