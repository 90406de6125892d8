/*
 * eval: average precision and recall as the COCO benchmark defines them.
 *
 * The figures equal pycocotools' to the last bit of the doubles: same thresholds, same
 * greedy matching, same order of ties, same order of additions in the means. What the
 * types (boxes, masks, keypoints) have in common is here; what differs is a
 * struct eval_type, one file each.
 *
 * Images and categories are numbered from 0 in ascending order of their ids: that order
 * decides ties between images and the order of additions.
 *
 *     struct eval_result result;
 *     TRY(eval_run(&result, &(struct eval_input){ .type = &eval_type_bbox, .n_images = n, ... }, &arena));
 *     printf("AP %.3f\n", result.stats[0]);
 *
 * Source: the COCO detection evaluation (Lin et al., "Microsoft COCO", 2014, and the
 * behaviour of its public evaluation code).
 */
#ifndef EVAL_EVAL_H
#define EVAL_EVAL_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	EVAL_THRESHOLDS = 10,	/* IoU .50 .55 ... .95 */
	EVAL_RECALLS = 101,	/* recall 0 .01 ... 1 */
	EVAL_MAX_RANGES = 4,
	EVAL_MAX_LIMITS = 3,
	EVAL_LARGEST_LIMIT = 10000,	/* detections of a class in an image */
	EVAL_MAX_ROWS = 16,
};

/* What is compared. */
enum eval_shape {
	EVAL_SHAPE_BOX,
	EVAL_SHAPE_MASK,
	EVAL_SHAPE_POSE,	/* keypoints */
};

struct rle_edges;
struct eval_pose;

/* One annotated object, or one detection. */
struct eval_object {
	int32_t image;
	int32_t category;
	double box[4];	/* x y w h, pixels */
	double area;	/* pixels squared; of an annotation as annotated, of a detection w * h */
	double score;	/* detections only; not NaN */
	union {	/* by the type's shape; boxes have neither */
		const struct rle_edges *mask;
		const struct eval_pose *pose;
	};
	bool crowd;	/* may match any number of detections, none of which count */
	bool ignore;	/* neither has to be found nor counts when it is; a crowd always is. Detections: not wrong unmatched */
	bool id_is_zero;	/* the annotation's id is 0: a match with it counts as none (see eval_run) */
};

/* Sizes of object, closed at both ends: an area of exactly 1024 is small and medium. */
struct eval_range {
	const char *name;	/* "all", "small" */
	double low, high;
};

/* One line of the summary. */
struct eval_row {
	const char *name;	/* "AP50" */
	bool recall;	/* AR instead of AP */
	int threshold;	/* index of the IoU threshold, -1: the mean over all */
	int range;	/* index into ranges */
	int limit;	/* index into limits */
};

struct eval_type {
	const char *name;	/* as given to -t */
	enum eval_shape shape;	/* what overlap() looks at */
	bool outlines;	/* and that masks have their boundaries: eval_outlines_make() */
	int n_ranges;
	struct eval_range ranges[EVAL_MAX_RANGES];	/* the first is "all" */
	int n_limits;
	int limits[EVAL_MAX_LIMITS];	/* detections of a class in an image that count, ascending */
	int n_rows;
	struct eval_row rows[EVAL_MAX_ROWS];

	/*
	 * How well each detection fits each annotation, in [0, 1]; -1: they cannot be compared.
	 *   overlap  [n_dt n_gt]   dt  [n_dt]   gt  [n_gt]   all of one image and class
	 */
	void (*overlap)(double *overlap, const struct eval_object *dt, int64_t n_dt,
			const struct eval_object *gt, int64_t n_gt);

	/* Some order of what they are beyond box, area and flags, for the canonical order of ties; NULL: they are nothing more. */
	int (*compare)(const struct eval_object *a, const struct eval_object *b);
};

/* Boxes: intersection over union, over the detection's area where the annotation is a crowd. */
extern const struct eval_type eval_type_bbox;

/* Masks: the same, counted in pixels. */
extern const struct eval_type eval_type_segm;

/* Masks and their boundaries: the smaller of both overlaps; see eval_outline.h. */
extern const struct eval_type eval_type_boundary;

/* Keypoints: object keypoint similarity. */
extern const struct eval_type eval_type_keypoints;

struct eval_input {
	const struct eval_type *type;
	int32_t n_images;
	int32_t n_categories;
	const struct eval_object *gt;	/* [n_gt], in the annotations' order */
	int64_t n_gt;
	const struct eval_object *dt;	/* [n_dt], in the results' order */
	int64_t n_dt;
	int threads;	/* the result does not depend on it */
	bool canonical;	/* equal scores in the order of their content (see eval_assign), not in that of the results */
};

/*
 * -1 stands for "no such objects": neither good nor bad, left out of every mean. The arrays are pycocotools', in its order:
 * see eval_precision_at() and eval_recall_at() for what their axes are.
 */
struct eval_result {
	double stats[EVAL_MAX_ROWS];	/* [type->n_rows] */
	double *class_ap;	/* [n_categories] mean over thresholds, all sizes, last limit */
	double *class_ap50;	/* [n_categories] */
	int64_t *class_objects;	/* [n_categories] annotations that have to be found */
	int32_t n_categories;
	int n_ranges, n_limits;
	double *precision;	/* [threshold recall category range limit] */
	double *scores;	/* the same: score of the detection that reaches the recall; 0: none does */
	double *recall;	/* [threshold category range limit] */
	double tie_effect;	/* how far a figure is from what it were in the other order of ties: the greatest difference */
	int tie_row;	/* of this row */
};

static inline bool eval_outside(double area, const struct eval_range *range)
{
	return area < range->low || area > range->high;
}

/* Whether an annotation has to be found. */
static inline bool eval_wanted(const struct eval_object *gt, const struct eval_range *range)
{
	return !gt->crowd && !gt->ignore && !eval_outside(gt->area, range);
}

/* Where a cell is in precision and scores; in recall. */
static inline int64_t eval_precision_at(const struct eval_result *result, int threshold, int recall, int32_t category,
					int range, int limit)
{
	int64_t row = ((int64_t)threshold * EVAL_RECALLS + recall) * result->n_categories + category;
	return (row * result->n_ranges + range) * result->n_limits + limit;
}

static inline int64_t eval_recall_at(const struct eval_result *result, int threshold, int32_t category, int range, int limit)
{
	int64_t row = (int64_t)threshold * result->n_categories + category;
	return (row * result->n_ranges + range) * result->n_limits + limit;
}

/*
 * Match, accumulate and average. The result lives in the arena.
 *
 * Detections are taken in descending order of score; equal scores keep the results' order within an image and the
 * images' order across images. Of an image's detections of one class only the last limit (100) are looked at. A match with
 * an annotation whose id is 0 counts as none, because the reference takes the 0 for "not matched".
 * Error: an image or category out of range; a NaN; memory.
 */
int eval_run(struct eval_result *result, const struct eval_input *input, struct arena *a) MUST_CHECK;

/* The IoU thresholds and the recalls at which precision is read, as numpy's linspace computes them. */
double eval_threshold(int index);
double eval_recall(int index);

/* The sum of x [n] as numpy adds: pairwise within pieces of 8192, those one after the other. */
double eval_sum(const double *x, int64_t n);

/* Mean of the entries of x [n] that are not -1, added as eval_sum() does; -1 when there are none. x is overwritten. */
double eval_mean(double *x, int64_t n);

#endif
