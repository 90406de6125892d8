#include "eval/eval_warn.h"

static void warn_left_out(const struct eval_left_out *left_out, const char *what, const char *lacking,
			  eval_warn_function *warn)
{
	if (left_out->n > 0)
		warn("left out %lld %s of %s that the ground truth does not list: %s%s", (long long)left_out->n, what, lacking,
		     left_out->first, left_out->n > 1 ? " ..." : "");
}

void eval_warn(const struct eval_set *set, eval_warn_function *warn)
{
	warn_left_out(&set->gt_image, "annotation(s)", "images", warn);
	warn_left_out(&set->gt_category, "annotation(s)", "categories", warn);
	warn_left_out(&set->dt_category, "detection(s)", "categories", warn);
	if (set->has_id_zero)
		warn("an annotation has the id 0: as in pycocotools, what matches it counts as a miss; number from 1");
	if (set->n_gt == 0)
		warn("the ground truth has no annotations: nothing can be found, all figures are -1");
	else if (set->n_dt == 0)
		warn("there are no detections: what can be found is not");
}
