/*
 * retinanet_loss: focal loss of the class logits and L1 or Huber loss of the box
 * codes, with their gradients, in one pass over the head's outputs.
 *
 *     total = cls + box_weight * box
 *
 * cls: the focal loss summed over all classes of all anchors that are not ignored; a matched anchor has
 * target 1 for its object's label, everything else is 0.
 * box: the sum of |code - target| over the four numbers of every matched anchor, or with huber_delta d > 0 of
 * .5 e^2 up to an error e = d and of d (e - d/2) beyond.
 * NORMALISE_IMAGE divides both by the image's number of matched anchors (at least 1) and takes the
 * mean over images (torchvision). NORMALISE_BATCH divides by the batch's number of them plus 1, box by
 * 4 more, and leaves out box targets that are exactly 0 (the TPU detection code).
 * An object's weight multiplies its box loss and the class loss of the anchors matched to it.
 */
#ifndef DETECT_RETINANET_LOSS_H
#define DETECT_RETINANET_LOSS_H

#include "base/arena.h"
#include "base/error.h"
#include "detect/anchors.h"
#include "detect/matching.h"
#include "tensor/tensor.h"

enum retinanet_normaliser { NORMALISE_IMAGE, NORMALISE_BATCH };

struct retinanet_loss_param {
	float alpha, gamma;	/* of the focal loss */
	float huber_delta;	/* 0: L1 */
	float box_weight;
	float box_eps;	/* for box_encode() */
	enum retinanet_normaliser normaliser;
	/* Of the step that this batch is a part of; step_images 0: it is the whole step. */
	int64_t step_images, step_foreground;
	const struct retinanet_share *shares;	/* [N], in place of the two above; NULL: all images count alike */
	double *image_loss;	/* [N] receives each image's part of the total, before its weight; or NULL */
};

/* An image of a step whose images come from several sources, each of which has a loss of its own. */
struct retinanet_share {
	double weight;	/* of the source's loss in the total */
	int64_t images, foreground;	/* of the source in the step: what NORMALISE_IMAGE and NORMALISE_BATCH divide by */
};

struct retinanet_loss {
	double total, cls, box;
};

/* What the head gives for one level and what it gets back. All four have one dtype, f32 or bf16. */
struct retinanet_level {
	struct tensor cls;	/* [N H W A*K] logits, A = ANCHORS_PER_CELL */
	struct tensor box;	/* [N H W A*4] codes dx dy dw dh; see box_code.h */
	struct tensor dcls;	/* as cls: grad_scale * dtotal/dcls, written whole */
	struct tensor dbox;	/* as box */
};

/*
 * Loss and gradients of a batch; n_levels, N, H and W are those of the anchors and targets.
 * Sums are in f64 in an order that does not depend on threads. The scratch arena is used during the call.
 * Error: shapes or dtypes that do not fit; a label that is not below n_classes; memory.
 * Source: Lin et al., Focal Loss for Dense Object Detection; Girshick et al., R-CNN, appendix C.
 */
int retinanet_loss(struct retinanet_loss *loss, struct retinanet_level *levels, const struct anchors *anchors,
		   const struct detect_targets *targets, int n_classes, const struct retinanet_loss_param *p,
		   double grad_scale, struct arena *scratch) MUST_CHECK;

#endif
