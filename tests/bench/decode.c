/* decode FILE...: images per second that libjpeg-turbo decodes whole, one thread, best of three passes. The limit of augment. */
#include "base/progress.h"
#include "base/io.h"
#include "image/codec.h"

#include <stdio.h>

struct file {
	uint8_t *bytes;
	size_t size;
	struct image_info info;
};

static int decode_all(const struct file *files, int n, struct arena *a)
{
	for (int i = 0; i < n; i++) {
		struct image_tile tile;
		arena_reset(a);
		TRY(image_decode(&tile, &files[i].info, files[i].bytes, files[i].size, NULL, 1, a));
	}
	return 0;
}

static int run(int n, char **paths)
{
	struct arena kept, a;
	double best = 1e9;
	arena_init(&kept, 1 << 20);
	arena_init(&a, 1 << 22);
	struct file *files = arena_calloc(&kept, (size_t)n + 1, sizeof *files);
	if (files == NULL)
		return -1;
	for (int i = 0; i < n; i++) {
		TRY(io_read_file(paths[i], &files[i].bytes, &files[i].size, &kept));
		TRY(image_probe(&files[i].info, files[i].bytes, files[i].size));
	}
	for (int pass = 0; pass < 3; pass++) {
		double start = clock_sec();
		TRY(decode_all(files, n, &a));
		double seconds = clock_sec() - start;
		best = seconds < best ? seconds : best;
	}
	printf("%.1f\n", n / best);
	arena_release(&kept);
	arena_release(&a);
	return 0;
}

int main(int argc, char **argv)
{
	if (run(argc - 1, argv + 1) == 0)
		return 0;
	fprintf(stderr, "decode: %s\n", err_get());
	return 1;
}
