/*
 * Rate at which records are read, checked and handed out:
 *
 *     stream FILE BYTES RECORDS       write FILE (a pack by its name) with images of BYTES, read it five times
 *
 * Prints "write S", then "read S" and "bare S" (read(2) alone, into one buffer) for each time, in seconds.
 */
#include "base/progress.h"
#include "base/rng.h"
#include "record/sample.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int write_file(const char *path, size_t size, int records)
{
	struct stream_header h = { .kind = "sample", .planned = records };
	struct stream_writer w;
	struct arena a;
	struct sample s;
	struct rng g = rng_make(1);
	uint8_t *image = malloc(size);
	if (image == NULL)
		return err_set("out of memory");
	for (size_t i = 0; i < size; i++)
		image[i] = (uint8_t)rng_u64(&g);
	arena_init(&a, 1 << 20);
	TRY(stream_writer_open(&w, path, &h));
	for (int i = 0; i < records; i++) {
		arena_reset(&a);
		sample_init(&s);
		s.seq = i;
		s.encoded = image;
		s.encoded_size = size;
		TRY(sample_write(&w, &s, &a));
	}
	arena_release(&a);
	free(image);
	return stream_writer_close(&w, NULL);
}

static int read_stream(const char *path)
{
	struct stream_reader r;
	struct stream_body body;
	int got;
	TRY(stream_reader_open(&r, path, NULL));
	while ((got = stream_reader_next(&r, &body)) == 1)
		;
	stream_reader_close(&r);
	return got;
}

static int read_bare(const char *path)
{
	static uint8_t buffer[1 << 18];
	int fd = open(path, O_RDONLY);
	ssize_t n;
	while ((n = read(fd, buffer, sizeof buffer)) > 0)
		;
	close(fd);
	return (int)n;
}

static int measure(const char *path, size_t size, int records)
{
	double start = clock_sec();
	TRY(write_file(path, size, records));
	printf("write %.6f\n", clock_sec() - start);
	for (int i = 0; i < 5; i++) {
		start = clock_sec();
		TRY(read_stream(path));
		printf("read %.6f\n", clock_sec() - start);
		start = clock_sec();
		TRY(read_bare(path));
		printf("bare %.6f\n", clock_sec() - start);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	int status = measure(argv[1], (size_t)atol(argv[2]), atoi(argv[3]));
	if (status != 0)
		fprintf(stderr, "stream: %s\n", err_get());
	unlink(argv[1]);
	return status != 0;
}
