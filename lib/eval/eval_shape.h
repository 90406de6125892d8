/*
 * eval_shape: what is compared instead of boxes: masks and keypoints, on their way from the input into objects.
 *
 * Masks are collected as they were written and become runs many at a time, in all threads, once the size of their image
 * is known.
 *
 *     struct eval_shapes shapes;
 *     eval_shapes_init(&shapes, &json, "result", threads, &arena);
 *     TRY(eval_read_mask(&shapes, number, &mask));	// behind the key "segmentation"
 *     mask->h = image_h; mask->w = image_w;
 *     object.mask = mask->edges;
 *     TRY(eval_shapes_flush(&shapes));			// object.mask is valid from here on
 *     eval_shapes_release(&shapes);
 */
#ifndef EVAL_EVAL_SHAPE_H
#define EVAL_EVAL_SHAPE_H

#include "coco/coco_masks.h"
#include "coco/rle.h"
#include "eval/eval.h"
#include "record/sample.h"

/* A mask that has been read. */
struct eval_mask {
	const struct table_mask *written;
	struct rle_edges *edges;	/* what it becomes; NULL: it is not wanted any more */
	int32_t h, w;	/* of its image, for polygons; 0: unknown */
	int64_t number;	/* of its annotation or result, for messages */
};

struct eval_shapes {
	struct arena *arena;	/* what stays */
	struct arena pending;	/* masks that are not runs yet */
	struct coco_masks reader;
	struct eval_mask **mask;	/* [n] */
	int64_t n, room;
	const char *what;	/* "annotation" or "result" */
	int threads;
};

/* json may be NULL where nothing is read from JSON. */
void eval_shapes_init(struct eval_shapes *s, struct json_reader *json, const char *what, int threads, struct arena *a);
void eval_shapes_release(struct eval_shapes *s);

/* True when enough masks are waiting that making runs of them pays. */
bool eval_shapes_full(const struct eval_shapes *s);

/* All masks that wait become runs. Error: the first that is wrong, by its number and why. */
int eval_shapes_flush(struct eval_shapes *s) MUST_CHECK;

/* The value of "segmentation"; *mask is NULL for null and for no polygons. */
int eval_read_mask(struct eval_shapes *s, int64_t number, struct eval_mask **mask) MUST_CHECK;

/* A box as a mask, as pycocotools takes it where a result has no other. */
int eval_mask_from_box(struct eval_shapes *s, int64_t number, const double box[4], struct eval_mask **mask) MUST_CHECK;

/*
 * A mask of a stream's record, in original pixels by the inverse of the sample's transform; *mask is NULL for none.
 * Error: runs of an image that was resized or cut.
 */
int eval_mask_from_record(struct eval_shapes *s, int64_t number, const struct sample_mask *record, const double transform[6],
			  struct eval_mask **mask) MUST_CHECK;

/* How much each keypoint may be off. */
enum { EVAL_MAX_KEYPOINTS = 256 };

struct eval_sigmas {
	int n;
	double variance[EVAL_MAX_KEYPOINTS];	/* (2 sigma)^2 */
};

/* "0.026,0.025,...", or NULL for the 17 of COCO's persons. Error: not positive numbers with commas between them. */
int eval_sigmas_parse(struct eval_sigmas *sigmas, const char *text) MUST_CHECK;

struct eval_pose {
	const struct eval_sigmas *sigmas;
	int n_labelled;	/* v > 0 */
	double xyv[];	/* [sigmas->n 3] pixels; v = 0: not labelled. Of a detection v has no say */
};

/* The value of "keypoints". Error: not 3 numbers for each sigma. */
int eval_read_pose(struct eval_shapes *s, const struct eval_sigmas *sigmas, const struct eval_pose **pose) MUST_CHECK;

/* x y w h of the keypoints in the value of "keypoints", however many; *found is false when they are not three numbers each. */
int eval_read_extent(struct eval_shapes *s, double box[4], bool *found) MUST_CHECK;

/* From a record's [n 3], in original pixels. */
int eval_pose_from_record(const struct eval_sigmas *sigmas, const float *xyv, int64_t n, const double transform[6],
			  struct arena *a, const struct eval_pose **pose) MUST_CHECK;

/* x y w h of all keypoints, labelled or not. */
void eval_pose_box(double box[4], const struct eval_pose *pose);

#endif
