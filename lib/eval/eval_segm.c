#include "coco/rle.h"
#include "eval/eval_outline.h"
#include "eval/eval_type.h"

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

const struct eval_type eval_type_segm = {
	.name = "segm",
	.shape = EVAL_SHAPE_MASK,
	EVAL_TWELVE_FIGURES,
	.overlap = segm_overlap,
	.compare = eval_compare_masks,
};
