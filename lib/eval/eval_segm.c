#include "coco/rle.h"
#include "eval/eval.h"
#include "eval/eval_outline.h"

static void segm_overlap(double *overlap, const struct eval_object *dt, int64_t n_dt,
			 const struct eval_object *gt, int64_t n_gt)
{
	for (int64_t d = 0; d < n_dt; d++)
		for (int64_t g = 0; g < n_gt; g++)
			overlap[d * n_gt + g] = rle_overlap(dt[d].mask, gt[g].mask, gt[g].crowd);
}

int eval_compare_masks(const struct eval_object *a, const struct eval_object *b)
{
	const struct rle_edges *x = a->mask, *y = b->mask;
	if (x->h != y->h || x->w != y->w)
		return x->h != y->h ? (x->h > y->h) - (x->h < y->h) : (x->w > y->w) - (x->w < y->w);
	for (int64_t i = 0; i < x->n && i < y->n; i++)
		if (x->end[i] != y->end[i])
			return x->end[i] > y->end[i] ? 1 : -1;
	return (x->n > y->n) - (x->n < y->n);
}

enum { ALL, SMALL, MEDIUM, LARGE };

const struct eval_type eval_segm = {
	.name = "segm",
	.shape = EVAL_SHAPE_MASK,
	.n_ranges = 4,
	.ranges = { { "all", 0, 1e10 }, { "small", 0, 1024 }, { "medium", 1024, 9216 }, { "large", 9216, 1e10 } },
	.n_limits = 3,
	.limits = { 1, 10, 100 },
	.n_rows = 12,
	.rows = {
		{ "AP", false, -1, ALL, 2 },
		{ "AP50", false, 0, ALL, 2 },
		{ "AP75", false, 5, ALL, 2 },
		{ "APs", false, -1, SMALL, 2 },
		{ "APm", false, -1, MEDIUM, 2 },
		{ "APl", false, -1, LARGE, 2 },
		{ "AR1", true, -1, ALL, 0 },
		{ "AR10", true, -1, ALL, 1 },
		{ "AR100", true, -1, ALL, 2 },
		{ "ARs", true, -1, SMALL, 2 },
		{ "ARm", true, -1, MEDIUM, 2 },
		{ "ARl", true, -1, LARGE, 2 },
	},
	.overlap = segm_overlap,
	.compare = eval_compare_masks,
};
