/*
 * Weights of other programs: a pickle alone, and the whole file of torch.save() in its legacy form (a zip archive's checksums
 * would stop a fuzzer). What is read has tensors whose elements are all there, and is not out of proportion to the input.
 */
#include "fuzz.h"

#include "tensor/element.h"
#include "weights/pickle.h"
#include "weights/torch_file.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 12 };

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void run_pickle(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct pickle p;
	arena_init(&arena, 1 << 12);
	if (pickle_read(&p, data, size, 0, "fuzz", &arena) == 0)
		check(p.size <= size && p.value != NULL && pickle_find(p.value, "none") == NULL);
	arena_release(&arena);
}

static void run_file(const uint8_t *data, size_t size)
{
	struct safetensors s = { .path = "fuzz" };
	double sum = 0;
	size_t bytes = 0;
	arena_init(&s.arena, 1 << 12);
	uint8_t *copy = arena_alloc(&s.arena, size);
	check(copy != NULL);
	memcpy(copy, data, size);
	if (torch_file_read(&s, copy, size) == 0) {
		check(s.n_items > 0);
		for (int i = 0; i < s.n_items; i++) {
			int64_t n = tensor_count(&s.items[i].tensor);
			bytes += tensor_bytes(&s.items[i].tensor);
			for (int64_t k = 0; k < n && k < MOST; k++)
				sum += element_get(&s.items[i].tensor, k) + element_get(&s.items[i].tensor, n - 1 - k);
		}
		/* Views of one storage count each time; a view takes at least some bytes of the pickle. */
		check(bytes <= 8 * size * size);
	}
	volatile double used = sum;
	(void)used;
	safetensors_close(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > 1 << 20)
		return 0;
	if (torch_file_is(data, size))
		run_file(data, size);
	else
		run_pickle(data, size);
	return 0;
}
