/*
 * peak: what this machine's processor and memory can do at most, measured.
 *
 *     struct peak one;
 *     TRY(peak_measure(&one, 1));             // about a second
 *     TRY(peak_write("peak.json", &one, 1));
 *     TRY(peak_read(&one, "peak.json", 1));   // the figures of one thread
 */
#ifndef OP_PEAK_H
#define OP_PEAK_H

#include "base/error.h"

#include <stdio.h>

struct peak {
	int threads;
	double f32_gflops;	/* oneDNN's matrix product of 1,536 x 1,536 x 1,536 */
	double bf16_gflops;	/* the same in bf16; 0: this processor has no bf16 */
	double gb_per_sec;	/* of y = a + b on arrays that no cache holds: two reads and a write */
};

/* The best of several rounds with that many threads. Error: memory; the library fails. */
int peak_measure(struct peak *p, int threads) MUST_CHECK;

/* JSON: {"peaks":[{"threads":1,"f32_gflops":...,"bf16_gflops":...,"gb_per_sec":...},...]}. */
int peak_write(const char *path, const struct peak *peaks, int n) MUST_CHECK;

/* Measure with one thread and with `threads`, a line of text each to `to`, and write the file. */
int peak_report(const char *path, int threads, FILE *to) MUST_CHECK;

/* The entry of that many threads. Error: the file is not of peak_write(), or has no such entry. */
int peak_read(struct peak *p, const char *path, int threads) MUST_CHECK;

#endif
