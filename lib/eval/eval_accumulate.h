/*
 * eval_accumulate: from sorted records to precision, scores and recall.
 */
#ifndef EVAL_EVAL_ACCUMULATE_H
#define EVAL_EVAL_ACCUMULATE_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"
#include "eval/eval_record.h"

#include <stdint.h>

/* Arrays for a result, -1 everywhere, in the arena. Error: memory. */
int eval_result_init(struct eval_result *result, const struct eval_type *type, int32_t n_categories, struct arena *a) MUST_CHECK;

/*
 * Fill the arrays of the result.
 *   start [n_categories + 1] from eval_records_sort()   wanted [n_categories n_ranges]
 * Of the arena it takes a fixed size a thread. Error: memory.
 */
int eval_accumulate(struct eval_result *result, const struct eval_type *type, const struct eval_records *records,
		    const int64_t *start, const int64_t *wanted, int threads, struct arena *a) MUST_CHECK;

/* The figures from the arrays: stats and those of the classes. Error: memory. */
int eval_summarise(struct eval_result *result, const struct eval_type *type, struct arena *a) MUST_CHECK;

#endif
