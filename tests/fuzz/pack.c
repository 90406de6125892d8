/*
 * Packs, damaged behind the right hashes of index and zstd frames: opened, read record by record, and salvaged. What can be read as a
 * whole stream is whole to salvage, too.
 */
#include "fuzz.h"

#include "record/salvage.h"
#include "stream/pack.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { MAX_INPUT = 1 << 16, HEAD = 8, FIXED = 32 };

static const struct stream_limits limits = { .cap = MAX_INPUT };

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The hashes of the zstd frames, which lie where the seek table says, then that of the index. */
static void repair(uint8_t *data, size_t size)
{
	static const uint8_t magic[] = { 0x57, 0x2a, 0x4d, 0x18 };
	uint8_t *index = memmem(data, size, magic, sizeof magic);
	size_t left = index != NULL ? (size_t)(data + size - index) : 0;
	if (left < HEAD + FIXED + 8 || get32(index + 4) > left - HEAD || get32(index + 4) < FIXED + 8)
		return;
	size_t length = get32(index + 4), at = 0;
	uint8_t *seek = index + HEAD + length, *end = data + size;
	uint32_t frames = get32(index + HEAD + 12);
	for (uint32_t i = 0; i < frames && FIXED + 8 * (size_t)i + 16 <= length && seek + HEAD + 8 * (size_t)i + 4 <= end; i++) {
		uint32_t packed = get32(seek + HEAD + 8 * (size_t)i);
		if (packed > (size_t)(index - data) - at)
			break;
		uint64_t hash = XXH3_64bits(data + at, packed);
		memcpy(index + HEAD + FIXED + 8 * (size_t)i, &hash, sizeof hash);
		at += packed;
	}
	uint64_t both[2] = { XXH3_64bits(index + HEAD, length - 8), XXH3_64bits(seek, (size_t)(end - seek)) };
	uint64_t hash = XXH3_64bits(both, sizeof both);
	memcpy(seek - 8, &hash, sizeof hash);
}

static void read_records(const char *path, struct arena *a)
{
	struct pack p;
	struct stream_body body;
	struct sample s;
	if (pack_open(&p, path, &limits) != 0)
		return;
	for (int64_t i = 0; i < pack_count(&p) && i < 64; i++)
		if (pack_read(&p, i, &body) == 0 && sample_decode(&s, &body, a) == 0 && s.n < 0)
			abort();
	if (pack_trailer(&p) == NULL && err_get()[0] == '\0')
		abort();
	pack_close(&p);
}

static int64_t count_records(const char *path)
{
	struct stream_reader r;
	struct stream_body body;
	int64_t n = 0;
	int got = -1;
	if (stream_reader_open(&r, path, &limits) != 0)
		return -1;
	while ((got = stream_reader_next(&r, &body)) == 1)
		n++;
	stream_reader_close(&r);
	return got == 0 ? n : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copy[MAX_INPUT];
	static const struct provenance link = { "fuzz", "0", "", 0 };
	struct arena arena;
	struct salvage_result result;
	char path[32];
	if (size < 1 || size > sizeof copy)
		return 0;
	bool right = data[0] % 4 != 0;
	memcpy(copy, data + 1, --size);
	if (right)
		repair(copy, size);
	int fd = fuzz_file(path, copy, size);
	arena_init(&arena, 1 << 16);
	read_records(path, &arena);
	int64_t records = count_records(path);
	const struct salvage_param param = { .input = path, .output = "/dev/null", .link = &link, .limits = &limits };
	int status = salvage_pack(&result, &param, &arena);
	if (status == 0 && records >= 0 && (result.kept.records > records || (result.whole && result.kept.records != records)))
		abort();
	if (status != 0 && err_get()[0] == '\0')
		abort();
	arena_release(&arena);
	close(fd);
	return 0;
}
