#include "eval/eval_voc.h"

#include "eval/eval_task.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* A detection or annotation; taken: by a better detection. */
struct entry {
	const struct eval_object *object;
	bool taken;
};

static int compare_classes(const struct eval_object *x, const struct eval_object *y)
{
	return (x->category > y->category) - (x->category < y->category);
}

/* By class, best score first, then as read: all objects lie in one array, so addresses tell. */
static int compare_detections(const void *a, const void *b)
{
	const struct eval_object *x = ((const struct entry *)a)->object, *y = ((const struct entry *)b)->object;
	if (compare_classes(x, y) != 0)
		return compare_classes(x, y);
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x > y) - (x < y);
}

static int compare_annotations(const void *a, const void *b)
{
	const struct eval_object *x = ((const struct entry *)a)->object, *y = ((const struct entry *)b)->object;
	if (compare_classes(x, y) != 0)
		return compare_classes(x, y);
	if (x->image != y->image)
		return x->image > y->image ? 1 : -1;
	return (x > y) - (x < y);
}

static struct entry *sorted(const struct eval_object *x, int64_t n, int (*compare)(const void *, const void *), struct arena *a)
{
	struct entry *entry = arena_calloc(a, (size_t)n + 1, sizeof *entry);
	for (int64_t i = 0; entry != NULL && i < n; i++)
		entry[i].object = &x[i];
	if (entry != NULL && n > 1)
		qsort(entry, (size_t)n, sizeof *entry, compare);
	return entry;
}

static double box_overlap(const double x[4], const double y[4])
{
	double w = fmin(x[0] + x[2], y[0] + y[2]) - fmax(x[0], y[0]);
	double h = fmin(x[1] + x[3], y[1] + y[3]) - fmax(x[1], y[1]);
	if (w <= 0 || h <= 0)
		return 0;
	return w * h / (x[2] * x[3] + y[2] * y[3] - w * h);
}

/* The first annotation of a class, sorted by image, that is not before this image. */
static int64_t find_image(const struct entry *gt, int64_t n, int32_t image)
{
	int64_t low = 0, high = n;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		if (gt[middle].object->image < image)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

enum verdict { WRONG, RIGHT, NEITHER };

static enum verdict judge(const struct eval_object *dt, struct entry *gt, int64_t n_gt)
{
	double best = 0.5;
	struct entry *match = NULL;
	for (int64_t i = find_image(gt, n_gt, dt->image); i < n_gt && gt[i].object->image == dt->image; i++) {
		double overlap = box_overlap(dt->box, gt[i].object->box);
		if (overlap > best) {
			best = overlap;
			match = &gt[i];
		}
	}
	if (match == NULL)
		return WRONG;
	if (match->object->ignore || match->object->crowd)
		return NEITHER;
	if (match->taken)
		return WRONG;
	match->taken = true;
	return RIGHT;
}

double eval_voc_ap(const double *recall, double *precision, int64_t n, enum eval_voc_rule rule)
{
	double ap = 0, before = 0;
	for (int64_t i = n - 2; i >= 0; i--)
		precision[i] = fmax(precision[i], precision[i + 1]);
	if (rule == EVAL_VOC_2010) {
		for (int64_t i = 0; i < n; i++) {
			ap += (recall[i] - before) * precision[i];
			before = recall[i];
		}
		return ap;
	}
	int64_t i = 0;
	for (int point = 0; point <= 10; point++) {
		/* The recalls of the kit's Python form: 3 * 0.1 is a little more than 0.3. */
		while (i < n && recall[i] < point * 0.1)
			i++;
		ap += (i < n ? precision[i] : 0) / 11;
	}
	return ap;
}

struct curve {
	double *recall, *precision;	/* [most detections of a class] */
};

static double class_ap(struct curve *curve, const struct entry *dt, int64_t n_dt, struct entry *gt, int64_t n_gt,
		       int64_t n_wanted, enum eval_voc_rule rule)
{
	int64_t n_right = 0, n_wrong = 0;
	for (int64_t i = 0; i < n_dt; i++) {
		enum verdict verdict = judge(dt[i].object, gt, n_gt);
		n_right += verdict == RIGHT;
		n_wrong += verdict == WRONG;
		curve->recall[i] = (double)n_right / (double)n_wanted;
		curve->precision[i] = (double)n_right / fmax((double)(n_right + n_wrong), DBL_EPSILON);
	}
	return eval_voc_ap(curve->recall, curve->precision, n_dt, rule);
}

static int result_init(struct eval_voc_result *out, struct curve *curve, const struct eval_set *set, struct arena *a)
{
	size_t n = (size_t)set->n_categories;
	*out = (struct eval_voc_result){ .ap = arena_calloc(a, n, sizeof *out->ap),
		.objects = arena_calloc(a, n, sizeof *out->objects), .difficult = arena_calloc(a, n, sizeof *out->difficult),
		.detections = arena_calloc(a, n, sizeof *out->detections) };
	curve->recall = arena_calloc(a, (size_t)set->n_dt, sizeof *curve->recall);
	curve->precision = arena_calloc(a, (size_t)set->n_dt, sizeof *curve->precision);
	bool complete = out->ap != NULL && out->objects != NULL && out->difficult != NULL && out->detections != NULL &&
		curve->recall != NULL && curve->precision != NULL;
	return complete ? 0 : -1;
}

static int count_objects(struct eval_voc_result *out, const struct eval_set *set)
{
	for (int64_t i = 0; i < set->n_gt; i++) {
		bool difficult = set->gt[i].ignore || set->gt[i].crowd;
		(difficult ? out->difficult : out->objects)[set->gt[i].category]++;
	}
	for (int64_t i = 0; i < set->n_dt; i++) {
		if (isnan(set->dt[i].score))
			return err_set("eval: the score of detection %lld is not a number", (long long)i);
		out->detections[set->dt[i].category]++;
	}
	return 0;
}

int eval_voc_run(struct eval_voc_result *out, const struct eval_set *set, enum eval_voc_rule rule, struct arena *a)
{
	struct curve curve;
	TRY(result_init(out, &curve, set, a));
	TRY(count_objects(out, set));
	struct entry *dt = sorted(set->dt, set->n_dt, compare_detections, a);
	struct entry *gt = sorted(set->gt, set->n_gt, compare_annotations, a);
	if (dt == NULL || gt == NULL)
		return -1;
	double sum = 0;
	int32_t n_classes = 0;
	for (int32_t k = 0; k < set->n_categories; k++) {
		int64_t n_gt = out->objects[k] + out->difficult[k];
		out->ap[k] = -1;
		if (out->objects[k] > 0) {
			out->ap[k] = class_ap(&curve, dt, out->detections[k], gt, n_gt, out->objects[k], rule);
			sum += out->ap[k];
			n_classes++;
		}
		dt += out->detections[k];
		gt += n_gt;
	}
	out->mean = n_classes == 0 ? -1 : sum / n_classes;
	return 0;
}

static int run(struct eval_figures *out, const struct eval_request *request, enum eval_voc_rule rule, struct arena *a)
{
	struct eval_set set;
	struct eval_voc_result result;
	eval_set_init(&set, a);
	set.use_ignore = true;
	TRY(eval_read_truth(&set, request->truth));
	TRY(eval_read_results(&set, request->results));
	set.has_id_zero = false;	/* nothing special here */
	TRY(eval_warn(&set, request->warn));
	TRY(eval_voc_run(&result, &set, rule, a));
	*out = (struct eval_figures){ .type = "bbox", .rule = rule == EVAL_VOC_2007 ? "voc2007" : "voc2010",
		.n_classes = set.n_categories, .classes = set.categories };
	eval_figures_add(out, "mAP", rule == EVAL_VOC_2007 ? "Average Precision, VOC 2007, 11 points, IoU > 0.50"
							     : "Average Precision, VOC 2010, area, IoU > 0.50", result.mean);
	eval_figures_count(out, "images", set.n_images);
	eval_figures_count(out, "annotations", set.n_gt);
	eval_figures_count(out, "detections", set.n_dt);
	eval_figures_numbers(out, "objects", result.objects);
	eval_figures_numbers(out, "difficult", result.difficult);
	eval_figures_numbers(out, "detections", result.detections);
	eval_figures_shares(out, "AP", result.ap);
	return 0;
}

static int run_2007(struct eval_figures *out, const struct eval_request *request, struct arena *a)
{
	return run(out, request, EVAL_VOC_2007, a);
}

static int run_2010(struct eval_figures *out, const struct eval_request *request, struct arena *a)
{
	return run(out, request, EVAL_VOC_2010, a);
}

const struct eval_task eval_task_voc2007 = { .name = "voc2007", .types = "bbox", .run = run_2007 };
const struct eval_task eval_task_voc2010 = { .name = "voc2010", .types = "bbox", .run = run_2010 };
