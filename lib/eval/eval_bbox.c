#include "eval/eval_type.h"

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

const struct eval_type eval_type_bbox = {
	.name = "bbox",
	.shape = EVAL_SHAPE_BOX,
	EVAL_TWELVE_FIGURES,
	.overlap = bbox_overlap,
};
