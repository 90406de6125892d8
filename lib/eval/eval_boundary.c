#include "coco/rle.h"
#include "eval/eval_outline.h"
#include "eval/eval_type.h"

/* The mask of an object of this type is the first member of its outline. */
static const struct rle_edges *boundary_of(const struct eval_object *x)
{
	return &((const struct eval_outline *)x->mask)->boundary;
}

static void boundary_overlap(double *overlap, const struct eval_object *dt, int64_t n_dt,
			 const struct eval_object *gt, int64_t n_gt)
{
	for (int64_t d = 0; d < n_dt; d++)
		for (int64_t g = 0; g < n_gt; g++) {
			double of_masks = rle_overlap(dt[d].mask, gt[g].mask, gt[g].crowd);
			overlap[d * n_gt + g] = of_masks;
			if (gt[g].crowd || of_masks <= 0)
				continue;
			double of_boundaries = rle_overlap(boundary_of(&dt[d]), boundary_of(&gt[g]), false);
			overlap[d * n_gt + g] = of_boundaries < of_masks ? of_boundaries : of_masks;
		}
}

const struct eval_type eval_type_boundary = {
	.name = "boundary",
	.shape = EVAL_SHAPE_MASK,
	.outlines = true,
	EVAL_TWELVE_FIGURES,
	.overlap = boundary_overlap,
	.compare = eval_compare_masks,
};
