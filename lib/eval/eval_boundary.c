#include "coco/rle.h"
#include "eval/eval.h"
#include "eval/eval_outline.h"

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

enum { ALL, SMALL, MEDIUM, LARGE };

const struct eval_type eval_boundary = {
	.name = "boundary",
	.shape = EVAL_SHAPE_MASK,
	.outlines = true,
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
	.overlap = boundary_overlap,
	.compare = eval_compare_masks,
};
