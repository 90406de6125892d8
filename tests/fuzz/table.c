/*
 * evalap -t classify and ood: any labels and any results give figures or an error. The input is the ground truth, a NUL, and the
 * results.
 */
#include "fuzz.h"

#include "eval/eval_labels.h"

#include <math.h>
#include <stdlib.h>

/* As if the ground truth were samples, so that results by category are read, too. */
static const struct category categories[] = { { .id = 1, .name = "cat" }, { .id = 2, .name = "dog" },
	{ .id = 3, .name = "" } };

static int run(const char *truth, const char *results, bool need_scores, struct arena *a)
{
	struct eval_labels labels;
	TRY(eval_labels_read(&labels, truth, a));
	labels.n_categories = 3;
	labels.categories = categories;
	TRY(eval_labels_answer(&labels, results, need_scores));
	for (int64_t i = 0; i < labels.n; i++) {
		const struct eval_label *l = &labels.image[i];
		if (l->answered && (isnan(l->ood_score) || l->label >= labels.n_classes) && need_scores)
			abort();
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int need_scores = 0; need_scores < 2; need_scores++) {
		struct fuzz_pair pair;
		struct arena arena;
		if (!fuzz_pair_open(&pair, data, size))
			return 0;
		arena_init(&arena, 1 << 16);
		if (run(pair.path[0], pair.path[1], need_scores != 0, &arena) != 0 && err_get()[0] == '\0')
			abort();
		arena_release(&arena);
		fuzz_pair_close(&pair);
	}
	return 0;
}
