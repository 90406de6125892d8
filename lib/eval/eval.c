#include "eval/eval.h"

#include "eval/eval_flow.h"

double eval_threshold(int index)
{
	return index == EVAL_THRESHOLDS - 1 ? 0.95 : index * ((0.95 - 0.5) / (EVAL_THRESHOLDS - 1)) + 0.5;
}

double eval_recall(int index)
{
	return index == EVAL_RECALLS - 1 ? 1 : index * (1.0 / (EVAL_RECALLS - 1));
}

enum { NUMPY_BUFFER = 8192 };

/* Eight running sums in blocks of up to 128, halves above (cut at multiples of 8). */
static double pairwise_sum(const double *x, int64_t n)
{
	if (n > 128) {
		int64_t half = n / 2 / 8 * 8;
		return pairwise_sum(x, half) + pairwise_sum(x + half, n - half);
	}
	double sum = 0;
	int64_t i = 0;
	if (n >= 8) {
		double part[8];
		for (; i < 8; i++)
			part[i] = x[i];
		for (; i + 8 <= n; i += 8)
			for (int j = 0; j < 8; j++)
				part[j] += x[i + j];
		sum = ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
	}
	for (; i < n; i++)
		sum += x[i];
	return sum;
}

double eval_sum(const double *x, int64_t n)
{
	double sum = 0;
	for (int64_t i = 0; i < n; i += NUMPY_BUFFER)
		sum += pairwise_sum(x + i, n - i < NUMPY_BUFFER ? n - i : NUMPY_BUFFER);
	return sum;
}

double eval_mean(double *x, int64_t n)
{
	int64_t kept = 0;
	for (int64_t i = 0; i < n; i++)
		if (x[i] > -1)
			x[kept++] = x[i];
	return kept == 0 ? -1 : eval_sum(x, kept) / (double)kept;
}

int eval_run(struct eval_result *result, const struct eval_input *in, struct arena *a)
{
	struct eval_flow flow;
	TRY(eval_flow_init(&flow, in->type, in->n_images, in->n_categories, in->gt, in->n_gt, a));
	int status = eval_flow_fill(&flow, in, a);
	if (status == 0)
		status = eval_flow_finish(result, &flow, in->canonical, in->threads, a);
	eval_flow_release(&flow);
	return status;
}
