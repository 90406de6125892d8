#include "eval/eval_curve.h"

#include <math.h>

void eval_curve_steps_set(struct eval_curve_steps *steps, int64_t n_wanted)
{
	double n = (double)n_wanted;
	for (int i = 0; i < EVAL_RECALLS; i++) {
		/* The product may be off by an ulp; the quotient decides, as it does in eval_run(). */
		int64_t found = (int64_t)ceil(eval_recall(i) * n);
		while (found > 0 && (double)(found - 1) / n >= eval_recall(i))
			found--;
		while ((double)found / n < eval_recall(i))
			found++;
		steps->found[i] = found;
	}
}

void eval_curve_start(struct eval_curve *curve)
{
	*curve = (struct eval_curve){ 0 };
}

double eval_curve_ap(struct eval_curve *curve)
{
	double sum = 0;
	for (int i = EVAL_RECALLS - 1; i >= 0; i--) {
		if (i + 1 < EVAL_RECALLS && curve->best[i + 1] > curve->best[i])
			curve->best[i] = curve->best[i + 1];
		sum += curve->best[i];
	}
	return sum / EVAL_RECALLS;
}
