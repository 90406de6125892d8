/*
 * Runs a fuzz target on the files named on the command line, without a fuzzer: what once was found stays tested in
 * every build.
 */
#include "fuzz.h"

#include "base/arena.h"
#include "base/io.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct arena arena;
		uint8_t *data;
		size_t size;
		arena_init(&arena, 1 << 16);
		if (io_read_file(argv[i], &data, &size, &arena) != 0) {
			fprintf(stderr, "%s\n", err_get());
			return 1;
		}
		LLVMFuzzerTestOneInput(data, size);
		arena_release(&arena);
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}
