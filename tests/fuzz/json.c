/*
 * The JSON reader: any bytes give events or an error; where the border between two blocks of input lies, whether
 * values are skipped, and whether numbers are read several at a time, changes nothing.
 */
#include "fuzz.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The next events of both are the same. */
static enum json_event same_event(struct json_reader *a, struct json_reader *b)
{
	enum json_event e = json_next(a), f = json_next(b);
	if (e != f)
		abort();
	if ((e == JSON_KEY || e == JSON_STRING) &&
	    (a->text_size != b->text_size || memcmp(a->text, b->text, a->text_size + 1) != 0))
		abort();
	if (e == JSON_NUMBER && (memcmp(&a->number, &b->number, sizeof a->number) != 0 || a->is_integer != b->is_integer ||
				 (a->is_integer && a->integer != b->integer)))
		abort();
	return e;
}

/* The numbers that come next of b, in one call, are those of a. */
static void same_numbers(struct json_reader *a, struct json_reader *b)
{
	double value[5];
	size_t n = json_next_numbers(b, value, sizeof value / sizeof value[0]);
	for (size_t i = 0; i < n; i++)
		if (json_next(a) != JSON_NUMBER || memcmp(&a->number, &value[i], sizeof a->number) != 0)
			abort();
}

static void skip_all(const uint8_t *data, size_t size, bool valid)
{
	struct json_reader j;
	if (json_open_memory(&j, data, size, "fuzz") != 0)
		abort();
	bool skipped = json_skip(&j) == 0 && json_next(&j) == JSON_END;
	if (skipped != valid)
		abort();
	json_close(&j);
}

/*
 * The same bytes in a file; one time in eight, for it takes long, after white space that puts the border of the reader's
 * first block somewhere in their midst.
 */
static int padded_file(char path[32], const uint8_t *data, size_t size)
{
	enum { BLOCK = 1 << 18 };
	static uint8_t padded[2 * BLOCK];
	size_t pad = size == 0 || data[size / 2] % 8 != 0 ? 0 : BLOCK - data[size - 1] % (size + 1);
	if (size > BLOCK)
		abort();
	memset(padded, ' ', pad);
	memcpy(padded + pad, data, size);
	return fuzz_file(path, padded, pad + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_reader memory, file;
	char path[32];
	int fd = padded_file(path, data, size);
	if (json_open_memory(&memory, data, size, "fuzz") != 0 || json_open(&file, path) != 0)
		abort();
	enum json_event e;
	while ((e = same_event(&memory, &file)) > 0)
		same_numbers(&memory, &file);
	json_close(&memory);
	json_close(&file);
	close(fd);
	skip_all(data, size, e == JSON_END);
	return 0;
}
