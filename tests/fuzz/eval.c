/*
 * evalap's way from two JSON files to the figures. The input is a letter for what is compared (s: masks, k: keypoints, others:
 * boxes), the ground truth, a NUL, and the results.
 */
#include "fuzz.h"

#include "eval/eval_set.h"

#include <stdlib.h>

static int run(const struct eval_type *type, const char *truth, const char *results, struct arena *a)
{
	struct eval_set set;
	struct eval_sigmas sigmas;
	struct eval_result result;
	eval_set_init(&set, a);
	TRY(eval_sigmas_parse(&sigmas, NULL));
	set.shape = type->shape;
	set.sigmas = &sigmas;
	set.threads = 1;
	TRY(eval_read_truth(&set, truth));
	TRY(eval_read_results(&set, results));
	return eval_run(&result, &(struct eval_input){ .type = type, .n_images = set.n_images,
		.n_categories = set.n_categories, .gt = set.gt, .n_gt = set.n_gt, .dt = set.dt, .n_dt = set.n_dt }, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const struct eval_type *type = *data == 's' ? &eval_type_segm : *data == 'k' ? &eval_type_keypoints : &eval_type_bbox;
	struct fuzz_pair pair;
	struct arena arena;
	if (!fuzz_pair_open(&pair, data + 1, size - 1))
		return 0;
	arena_init(&arena, 1 << 16);
	if (run(type, pair.path[0], pair.path[1], &arena) != 0 && err_get()[0] == '\0')
		abort();
	arena_release(&arena);
	fuzz_pair_close(&pair);
	return 0;
}
