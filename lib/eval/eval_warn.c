#include "eval/eval_warn.h"

#include <stdlib.h>

static void warn_left_out(const struct eval_left_out *left_out, const char *what, const char *lacking,
			  eval_warn_function *warn)
{
	if (left_out->n > 0)
		warn("left out %lld %s of %s that the ground truth does not list: %s%s", (long long)left_out->n, what, lacking,
		     left_out->first, left_out->n > 1 ? " ..." : "");
}

/* What the boxes of one side have in common. */
struct boxes {
	int64_t n, n_corner_like;	/* w > x and h > y, as if they were the second corner */
	double farthest;	/* right or lower end */
};

static struct boxes look_at_boxes(const struct eval_object *x, int64_t n)
{
	struct boxes b = { .n = n };
	for (int64_t i = 0; i < n; i++) {
		const double *box = x[i].box;
		double right = box[0] + box[2], bottom = box[1] + box[3], far = right > bottom ? right : bottom;
		b.n_corner_like += box[2] > box[0] && box[3] > box[1];
		b.farthest = i == 0 || far > b.farthest ? far : b.farthest;
	}
	return b;
}

enum { FEW = 10 };	/* detections that say nothing about a habit */

static void warn_boxes(const struct eval_set *set, eval_warn_function *warn)
{
	const struct eval_seen *dt = &set->seen;
	struct boxes gt = look_at_boxes(set->gt, set->n_gt);
	if (dt->n < FEW || gt.n == 0)
		return;
	if (dt->farthest <= 1.5 && gt.farthest > 4)
		warn("all boxes of the results end before %.3g, those of the ground truth at %.5g: normalised coordinates? COCO's are "
		     "pixels; such boxes find nothing, AP is near 0", dt->farthest, gt.farthest);
	else if (dt->n_corner_like * 100 >= dt->n * 99 && gt.n_corner_like * 10 < gt.n * 9)
		warn("in %lld of %lld boxes of the results width > x and height > y, in the ground truth in %lld of %lld: "
		     "[x0, y0, x1, y1]? COCO's are [x, y, width, height]; AP is near 0 when boxes are read as too large",
		     (long long)dt->n_corner_like, (long long)dt->n, (long long)gt.n_corner_like, (long long)gt.n);
}

/* A threshold: scores begin well above 0 and are dense where they begin. */
static void warn_scores(const struct eval_seen *seen, eval_warn_function *warn)
{
	double low = seen->low, high = seen->high;
	if (seen->n < 10 * FEW || low < EVAL_SCORE_LOWEST || !(high > low) || high > 1)
		return;
	if (eval_seen_below(seen, low + (high - low) / 20) * 40 >= seen->n)
		warn("no score is below %.3g, and the scores do not thin out towards it: a threshold? What it removed can no longer be "
		     "found, so recall and AP are lower than the detector's", low);
}

static int warn_categories(const struct eval_set *set, eval_warn_function *warn)
{
	enum { WANTED = 1, FOUND = 2 };
	uint8_t *seen = calloc((size_t)set->n_categories + 1, 1);
	int64_t n_wanted = 0, n_missing = 0;
	const char *first = NULL;
	if (seen == NULL)
		return err_set("out of memory");
	for (int64_t i = 0; i < set->n_gt; i++)
		seen[set->gt[i].category] |= set->gt[i].crowd || set->gt[i].ignore ? 0 : WANTED;
	for (int32_t k = 0; k < set->n_categories; k++)
		seen[k] |= set->seen.category[k] ? FOUND : 0;
	for (int32_t k = 0; k < set->n_categories; k++) {
		n_wanted += (seen[k] & WANTED) != 0;
		n_missing += seen[k] == WANTED;
		if (seen[k] == WANTED && first == NULL)
			first = set->categories[k].name;
	}
	free(seen);
	if (n_missing > 0)
		warn("%lld of the %lld categories with objects have no detections: '%s'%s; their AP is 0 and lowers the mean",
		     (long long)n_missing, (long long)n_wanted, first, n_missing > 1 ? " ..." : "");
	return 0;
}

/* Results of another type than what is compared. */
static void warn_form(const struct eval_set *set, eval_warn_function *warn)
{
	static const char *const names[] = {
		[EVAL_SHAPE_BOX] = "boxes", [EVAL_SHAPE_MASK] = "masks", [EVAL_SHAPE_POSE] = "keypoints",
	};
	if (!set->results_are_json)
		return;
	if (set->n_boxes_as_masks > 0)
		warn("%lld results have no mask: as in pycocotools their boxes are taken for masks, and AP is that of rectangles",
		     (long long)set->n_boxes_as_masks);
	else if (set->shape != EVAL_SHAPE_BOX && set->form == EVAL_SHAPE_BOX)
		warn("the first result has a box beside its %s: as in pycocotools a detection's size is that of its box, which moves it "
		     "between small, medium and large; leave \"bbox\" out to have the size of the %s", names[set->shape],
		     names[set->shape]);
	if (set->shape == EVAL_SHAPE_BOX && set->form != EVAL_SHAPE_BOX)
		warn("the results have %s and no boxes: as in pycocotools boxes and sizes are taken from those; -t %s compares them",
		     names[set->form], set->form == EVAL_SHAPE_MASK ? "segm" : "keypoints");
}

int eval_warn(const struct eval_set *set, eval_warn_function *warn)
{
	warn_left_out(&set->gt_image, "annotation(s)", "images", warn);
	warn_left_out(&set->gt_category, "annotation(s)", "categories", warn);
	warn_left_out(&set->dt_category, "detection(s)", "categories", warn);
	if (set->has_id_zero)
		warn("an annotation has the id 0: as in pycocotools, what matches it counts as a miss; number from 1");
	if (set->n_gt == 0)
		warn("the ground truth has no annotations: nothing can be found, all figures are -1");
	else if (set->n_dt == 0)
		warn("there are no detections: what can be found is not, AP is 0");
	if (set->n_gt == 0 || set->n_dt == 0)
		return 0;
	warn_form(set, warn);
	if (set->shape == EVAL_SHAPE_BOX && set->form == EVAL_SHAPE_BOX)
		warn_boxes(set, warn);
	if (set->seen.n_off_size > 0)
		warn("%lld masks of the results have another size than their image (the first %d x %d): they fit nothing and count as "
		     "wrong", (long long)set->seen.n_off_size, set->seen.off_h, set->seen.off_w);
	warn_scores(&set->seen, warn);
	return warn_categories(set, warn);
}
