/*
 * Packs of many records, and what their index costs:
 *
 *     packs write FILE N BYTES noise|zeros    N records with images of BYTES, as JPEG does not shrink, or as little as can be
 *     packs open FILE         opens it; prints the seconds, and "mib N", the process's peak
 */
#include "base/progress.h"
#include "base/rng.h"
#include "record/sample.h"
#include "stream/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int write_pack(const char *path, int64_t records, size_t bytes, bool noise)
{
	struct rng g = rng_make(1);
	uint8_t *image = calloc(bytes, 1);
	struct stream_header h = { .kind = "sample", .planned = records };
	struct stream_writer w;
	struct arena a;
	struct sample s;
	char name[32];
	if (image == NULL)
		return err_set("out of memory");
	for (size_t i = 0; noise && i < bytes; i++)
		image[i] = (uint8_t)rng_u64(&g);
	TRY(stream_writer_open(&w, path, &h));
	arena_init(&a, 1 << 16);
	for (int64_t i = 0; i < records; i++) {
		arena_reset(&a);
		sample_init(&s);
		snprintf(name, sizeof name, "%012lld.jpg", (long long)i);
		s.id.number = i;
		s.seq = i;
		s.source = "bench";
		s.file_name = name;
		s.encoded = image;
		s.encoded_size = bytes;
		TRY(sample_write(&w, &s, &a));
	}
	arena_release(&a);
	free(image);
	return stream_writer_close(&w, NULL);
}

static int open_pack(const char *path)
{
	struct rusage usage;
	struct pack p;
	double start = clock_sec();
	TRY(pack_open(&p, path, NULL));
	double seconds = clock_sec() - start;
	getrusage(RUSAGE_SELF, &usage);
	printf("%.6f\nmib %ld\n", seconds, usage.ru_maxrss / 1024);
	pack_close(&p);
	return 0;
}

int main(int argc, char **argv)
{
	int status = -1;
	if (argc == 6 && strcmp(argv[1], "write") == 0)
		status = write_pack(argv[2], atoll(argv[3]), (size_t)atol(argv[4]), strcmp(argv[5], "noise") == 0);
	else if (argc == 3 && strcmp(argv[1], "open") == 0)
		status = open_pack(argv[2]);
	else
		return 2;
	if (status != 0)
		fprintf(stderr, "packs: %s\n", err_get());
	return status != 0;
}
