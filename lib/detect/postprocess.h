/*
 * postprocess: from the head's outputs to the detections of an image.
 *
 * Of every level (or class) the topk highest (anchor, class) scores above score_threshold are decoded and clipped to
 * the image; over all levels nms() keeps the best of each class; the first max_detections remain. Of equal scores the
 * finer level, then the lower anchor and class comes first. By level this is torchvision's RetinaNet, by class the TPU
 * detection code's, which keeps max_detections of each class before it takes the best of all: the same in the end.
 */
#ifndef DETECT_POSTPROCESS_H
#define DETECT_POSTPROCESS_H

#include "base/arena.h"
#include "base/error.h"
#include "detect/anchors.h"
#include "tensor/tensor.h"

enum topk_of { TOPK_OF_LEVEL, TOPK_OF_CLASS };

struct postprocess_param {
	float score_threshold;	/* a score must be above it; in [0, 1) */
	float nms_iou;
	int64_t topk;	/* candidates of each level or class; at least 1 */
	enum topk_of topk_of;
	int64_t max_detections;	/* per image; at least 1 */
	float clip_margin;	/* boxes end so many pixels before the image's right and lower edge: 0, or 1 */
};

/* .05, .5, 1000 of a level, 100, 0 */
struct postprocess_param postprocess_default(void);

struct detect_result {
	int64_t n;
	float *boxes;	/* [n 4] x0 y0 x1 y1, pixels of the batch, within the valid size */
	int32_t *labels;	/* [n] 0-based */
	float *scores;	/* [n] descending */
};

/*
 * Detections of every image of a batch.
 *   result  [N]
 *   cls     per level [N H W A*K] logits, box per level [N H W A*4] codes; f32 or bf16
 *   valid   [N] size of the image within the batch, padding excluded
 * Results and scratch live in the arena. Images run in parallel; the result does not depend on it. A logit that is
 * NaN is no detection.
 * Error: shapes or dtypes that do not fit; parameters out of range; memory.
 */
int retinanet_postprocess(struct detect_result *result, const struct tensor *cls, const struct tensor *box,
			  const struct anchors *anchors, int n_classes, const struct detect_size *valid,
			  const struct postprocess_param *p, struct arena *arena) MUST_CHECK;

#endif
