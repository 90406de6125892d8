#include "eval/eval.h"

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double box_overlap(const double dt[4], const double gt[4], bool crowd)
{
	double w = smaller(dt[2] + dt[0], gt[2] + gt[0]) - larger(dt[0], gt[0]);
	if (w <= 0)
		return 0;
	double h = smaller(dt[3] + dt[1], gt[3] + gt[1]) - larger(dt[1], gt[1]);
	if (h <= 0)
		return 0;
	double both = w * h;
	double dt_area = dt[2] * dt[3];
	double either = crowd ? dt_area : dt_area + gt[2] * gt[3] - both;
	return both / either;
}

static void bbox_overlap(double *overlap, const struct eval_object *dt, int64_t n_dt,
			 const struct eval_object *gt, int64_t n_gt)
{
	for (int64_t d = 0; d < n_dt; d++)
		for (int64_t g = 0; g < n_gt; g++)
			overlap[d * n_gt + g] = box_overlap(dt[d].box, gt[g].box, gt[g].crowd);
}

enum { ALL, SMALL, MEDIUM, LARGE };

const struct eval_type eval_bbox = {
	.name = "bbox",
	.shape = EVAL_SHAPE_BOX,
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
	.overlap = bbox_overlap,
};
