/*
 * fuzz: what the fuzz targets share. A target is one file, tests/fuzz/X.c, with seeds in tests/fuzz/corpus/X; libFuzzer calls
 * it with inputs that it makes up. A target may not leak, crash, or run for long on any input.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two files in memory. */
struct fuzz_pair {
	int descriptor[2];
	char path[2][32];
};

/* A file in memory with these bytes: its descriptor, to be closed by the caller, and its path. */
int fuzz_file(char path[32], const uint8_t *data, size_t size);

/* The bytes before the first NUL, and those after it. False, and nothing to close: there is no NUL. */
bool fuzz_pair_open(struct fuzz_pair *pair, const uint8_t *data, size_t size);
void fuzz_pair_close(struct fuzz_pair *pair);

#endif
