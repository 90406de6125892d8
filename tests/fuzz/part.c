/*
 * evalap merge: one part or two, however damaged behind their right hashes. The input is the size of the first one (two bytes, little-endian),
 * and both without their hashes, the second only when there is anything left.
 */
#include "fuzz.h"

#include "eval/eval_part.h"
#include "eval/eval_report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

/* A part with its hash. */
static int part_file(char path[32], const uint8_t *data, size_t size, struct arena *a)
{
	uint8_t *whole = arena_alloc(a, size + 8);
	uint64_t hash = XXH3_64bits(data, size);
	if (whole == NULL)
		abort();
	memcpy(whole, data, size);
	memcpy(whole + size, &hash, sizeof hash);
	return fuzz_file(path, whole, size + 8);
}

static int merge(char *const *paths, int n, struct arena *a)
{
	struct eval_flow flow;
	struct eval_set set;
	struct eval_result result;
	struct eval_figures figures;
	int status = eval_part_merge(&flow, &set, paths, n, a);
	if (status == 0)
		status = eval_flow_finish(&result, &flow, false, 1, a);
	if (status == 0)
		status = eval_report_figures(&figures, &flow.type, &set, &result, a);
	eval_flow_release(&flow);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char paths[2][32];
	int fd[2], n = 0;
	struct arena arena;
	if (size < 2)
		return 0;
	size_t first = (size_t)(data[0] | data[1] << 8);
	data += 2;
	size -= 2;
	first = first < size ? first : size;
	arena_init(&arena, 1 << 16);
	fd[n] = part_file(paths[n], data, first, &arena);
	n++;
	if (first < size) {
		fd[n] = part_file(paths[n], data + first, size - first, &arena);
		n++;
	}
	if (merge((char *[]){ paths[0], paths[1] }, n, &arena) != 0 && err_get()[0] == '\0')
		abort();
	arena_release(&arena);
	while (n > 0)
		close(fd[--n]);
	return 0;
}
