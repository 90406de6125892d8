/*
 * Archives of samples, read in any order from a file and front to back from a pipe: samples, rejects or an error, the
 * same ones both ways, and what is no reject can be written. Checksums of headers are made right, or the fuzzer would
 * hardly get past them.
 */
#include "fuzz.h"

#include "coco/dataset.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 512, MAX_INPUT = 1 << 15, CHECKSUM = 148, MAGIC = 257, MAX_RECORDS = 64 };

extern const struct dataset_kind dataset_kind_tar;

struct outcome {
	int status, n;
	bool reject[MAX_RECORDS];
};

static void repair(uint8_t *data, size_t size)
{
	for (size_t at = 0; at + BLOCK <= size; at += BLOCK) {
		unsigned sum = 8 * ' ';
		if (memcmp(data + at + MAGIC, "ustar", 5) != 0)
			continue;
		for (size_t i = 0; i < BLOCK; i++)
			sum += i >= CHECKSUM && i < CHECKSUM + 8 ? 0 : data[at + i];
		snprintf((char *)data + at + CHECKSUM, 8, "%06o", sum);
		data[at + CHECKSUM + 7] = ' ';
	}
}

static int take(struct outcome *out, const struct dataset *d, struct dataset_record *r)
{
	const struct stream_header header = { .n_categories = d->n_categories };
	uint8_t *body;
	size_t size;
	TRY(dataset_kind_tar.load(d, r));
	if (r->reject == NULL && (sample_check(&r->sample, &header) != 0 ||
				  sample_encode(&body, &size, &r->sample, &r->arena) != 0))
		abort();
	if (r->sample.n + r->n_rejects > r->n_objects)
		abort();
	if (out->n < MAX_RECORDS)
		out->reject[out->n++] = r->reject != NULL;
	return 0;
}

static int read_all(struct outcome *out, struct dataset *d, struct dataset_record *r)
{
	TRY(dataset_kind_tar.open(d, d->path));
	for (r->index = 0; d->n < 0 || r->index < d->n; r->index++) {
		arena_reset(&r->arena);
		sample_init(&r->sample);
		r->reject = NULL;
		r->n_rejects = r->n_objects = 0;
		int got = dataset_kind_tar.fetch(d, r);
		if (got <= 0)
			return got;
		TRY(take(out, d, r));
	}
	return 0;
}

static void run(struct outcome *out, const char *path, bool unlabelled)
{
	struct dataset d = { .options.unlabelled = unlabelled, .path = path, .n = -1 };
	struct dataset_record r = { 0 };
	arena_init(&d.arena, 1 << 14);
	arena_init(&r.arena, 1 << 14);
	*out = (struct outcome){ 0 };
	out->status = read_all(out, &d, &r);
	if (out->status != 0 && err_get()[0] == '\0')
		abort();
	dataset_kind_tar.close(&d);
	arena_release(&d.arena);
	arena_release(&r.arena);
}

static void run_pipe(struct outcome *out, const uint8_t *data, size_t size, bool unlabelled)
{
	int ends[2];
	char path[32];
	if (pipe2(ends, O_CLOEXEC) != 0 || write(ends[1], data, size) != (ssize_t)size)
		abort();
	close(ends[1]);
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
	run(out, path, unlabelled);
	close(ends[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copy[MAX_INPUT];
	static struct outcome file, stream;
	char path[32];
	if (size < 1 || size > sizeof copy)
		return 0;
	bool unlabelled = data[0] % 4 == 1;
	memcpy(copy, data + 1, --size);
	if (data[0] % 2 == 0)
		repair(copy, size);
	int fd = fuzz_file(path, copy, size);
	run(&file, path, unlabelled);
	close(fd);
	run_pipe(&stream, copy, size, unlabelled);
	bool same = file.n == stream.n && memcmp(file.reject, stream.reject, sizeof file.reject) == 0;
	if (file.status == 0 && stream.status == 0 && !same)
		abort();
	return 0;
}
