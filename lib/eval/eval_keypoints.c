#include "eval/eval.h"
#include "eval/eval_shape.h"

#include <float.h>
#include <math.h>

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* How far x lies outside [low, high]. */
static double outside(double x, double low, double high)
{
	return larger(0, low - x) + larger(0, x - high);
}

/*
 * exp(-d^2 / (2 (2 sigma)^2 area)), the mean over the labelled keypoints. Where none is labelled, d is the distance to the
 * annotation's box, doubled about its middle, for all keypoints.
 */
static double similarity(const struct eval_object *dt, const struct eval_object *gt)
{
	const struct eval_sigmas *sigmas = gt->pose->sigmas;
	const double *box = gt->box;
	double term[EVAL_MAX_KEYPOINTS];
	int n = 0;
	for (int k = 0; k < sigmas->n; k++) {
		const double *found = &dt->pose->xyv[3 * k], *wanted = &gt->pose->xyv[3 * k];
		double dx = found[0] - wanted[0], dy = found[1] - wanted[1];
		if (gt->pose->n_labelled == 0) {
			dx = outside(found[0], box[0] - box[2], box[0] + box[2] * 2);
			dy = outside(found[1], box[1] - box[3], box[1] + box[3] * 2);
		} else if (!(wanted[2] > 0)) {
			continue;
		}
		double e = (dx * dx + dy * dy) / sigmas->variance[k] / (gt->area + DBL_EPSILON) / 2;
		term[n++] = exp(-e);
	}
	return eval_sum(term, n) / n;
}

static void keypoints_overlap(double *overlap, const struct eval_object *dt, int64_t n_dt,
			      const struct eval_object *gt, int64_t n_gt)
{
	for (int64_t d = 0; d < n_dt; d++)
		for (int64_t g = 0; g < n_gt; g++)
			overlap[d * n_gt + g] = similarity(&dt[d], &gt[g]);
}

static int keypoints_compare(const struct eval_object *a, const struct eval_object *b)
{
	for (int i = 0; i < 3 * a->pose->sigmas->n; i++)
		if (a->pose->xyv[i] != b->pose->xyv[i])
			return a->pose->xyv[i] > b->pose->xyv[i] ? 1 : -1;
	return 0;
}

enum { ALL, MEDIUM, LARGE };

const struct eval_type eval_type_keypoints = {
	.name = "keypoints",
	.shape = EVAL_SHAPE_POSE,
	.n_ranges = 3,
	.ranges = { { "all", 0, 1e10 }, { "medium", 1024, 9216 }, { "large", 9216, 1e10 } },
	.n_limits = 1,
	.limits = { 20 },
	.n_rows = 10,
	.rows = {
		{ "AP", false, -1, ALL, 0 },
		{ "AP50", false, 0, ALL, 0 },
		{ "AP75", false, 5, ALL, 0 },
		{ "APm", false, -1, MEDIUM, 0 },
		{ "APl", false, -1, LARGE, 0 },
		{ "AR", true, -1, ALL, 0 },
		{ "AR50", true, 0, ALL, 0 },
		{ "AR75", true, 5, ALL, 0 },
		{ "ARm", true, -1, MEDIUM, 0 },
		{ "ARl", true, -1, LARGE, 0 },
	},
	.overlap = keypoints_overlap,
	.compare = keypoints_compare,
};
