/*
 * Streams of samples: an error, or samples that can be written and read again as they were. Hashes of frames are made right, or
 * the fuzzer would not get past them.
 */
#include "fuzz.h"

#include "record/sample.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { MAX_INPUT = 1 << 16, FRAME = 18 };

static void repair(uint8_t *data, size_t size)
{
	for (size_t at = 0; at + FRAME <= size && data[at] == 0xd8;) {
		uint64_t length, hash;
		memcpy(&length, data + at + 2, sizeof length);
		if (length > size - at - FRAME)
			return;
		hash = XXH3_64bits(data + at + FRAME, length);
		memcpy(data + at + 10, &hash, sizeof hash);
		at += FRAME + length;
	}
}

static void check(const struct sample *s, struct arena *a)
{
	struct stream_body body = { 0 };
	struct sample again;
	uint8_t *bytes, *twice;
	size_t size, same;
	if (sample_encode(&bytes, &size, s, a) != 0)
		abort();
	body.data = bytes;
	body.size = size;
	if (sample_decode(&again, &body, a) != 0 || sample_encode(&twice, &same, &again, a) != 0)
		abort();
	if (size != same || memcmp(bytes, twice, size) != 0 || again.n != s->n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copy[MAX_INPUT];
	static const struct stream_limits limits = { .cap = MAX_INPUT };
	struct stream_reader r;
	struct sample s;
	struct arena arena;
	char path[32];
	if (size > sizeof copy)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	repair(copy, size);
	int fd = fuzz_file(path, copy, size), got = -1;
	arena_init(&arena, 1 << 16);
	if (stream_reader_open(&r, path, &limits) == 0) {
		while ((got = sample_read(&s, &r, &arena)) == 1)
			check(&s, &arena);
		stream_reader_close(&r);
	}
	if (got < 0 && err_get()[0] == '\0')
		abort();
	arena_release(&arena);
	close(fd);
	return 0;
}
