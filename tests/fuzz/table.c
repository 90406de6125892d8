/*
 * evalap -t classify and ood: any labels and any results give figures or an error. The input is the ground truth, a NUL, and the
 * results.
 */
#include "fuzz.h"

#include "eval/eval_labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As if the ground truth were samples, so that results by category are read, too. */
static const struct category categories[] = { { 1, "cat", NULL }, { 2, "dog", NULL }, { 3, "", NULL } };

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
	const uint8_t *end = memchr(data, 0, size);
	if (end == NULL)
		return 0;
	for (int need_scores = 0; need_scores < 2; need_scores++) {
		char truth[32], results[32];
		size_t truth_size = (size_t)(end - data);
		int truth_fd = fuzz_file(truth, data, truth_size);
		int results_fd = fuzz_file(results, end + 1, size - truth_size - 1);
		struct arena arena;
		arena_init(&arena, 1 << 16);
		if (run(truth, results, need_scores != 0, &arena) != 0 && err_get()[0] == '\0')
			abort();
		arena_release(&arena);
		close(truth_fd);
		close(results_fd);
	}
	return 0;
}
